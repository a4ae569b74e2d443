import { expect, test } from 'vitest'
import { age } from '../../src/cli/show/age.ts'
import { table } from '../../src/cli/show/table.ts'
import { cut, fit, textWidth } from '../../src/cli/show/text-width.ts'
import { visible } from '../../src/cli/show/visible.ts'

test.each([
  ['plain', 5],
  ['zażółć', 6],
  ['z\u0301', 1],
  ['日本語', 6],
  ['한', 2],
  ['🔒x', 3],
  ['ｱ', 1],
])('%s takes %i columns', (text, width) => {
  expect(textWidth(text)).toBe(width)
})

test('a wide sign that does not fit whole is left out, and the columns still stand under each other', () => {
  expect(cut('日本語', 4)).toBe('日…')
  expect(fit('日本語', 4)).toBe('日… ')
  expect(cut('abc', 3)).toBe('abc')
  expect(cut('abcd', 3)).toBe('ab…')
  expect(fit('7', 3, 'right')).toBe('  7')
})

test('what would steer a terminal, or make a name look like another, is shown', () => {
  expect(visible('a\u001B[2Jb')).toBe(String.raw`a\x1b[2Jb`)
  expect(visible('a\u009B31mb\nc')).toBe(String.raw`a\x9b31mb\nc`)
  expect(visible('pay\u200Dout \u202Etxt.exe\u00A0')).toBe(String.raw`pay\u{200d}out \u{202e}txt.exe\xa0`)
  expect(visible('zażółć 日本 🔒 a-b')).toBe('zażółć 日本 🔒 a-b')
})

test.each([
  [0, '0 ms'],
  [999.6, '999 ms'],
  [85.4, '85 ms'],
  [4200, '4.2 s'],
  [59_999, '59.9 s'],
  [60_000, '1m 00s'],
  [192_000, '3m 12s'],
  [7_500_000, '2h 05m'],
  [789_000_000, '9d 03h'],
  [-5, '0 ms'],
])('%d ms is told as %s', (ms, text) => {
  expect(age(ms)).toBe(text)
})

const COLUMNS = [
  { title: 'name', text: ({ name }: Row) => name, least: 6 },
  { title: 'age', text: ({ ms }: Row) => age(ms), align: 'right' as const },
  { title: 'query', text: ({ query }: Row) => query, least: 6, optional: true },
]
interface Row {
  readonly name: string
  readonly ms: number | null
  readonly query: string
}
const ROWS: Row[] = [
  { name: 'a-long-name-of-a-lock', ms: 12_000, query: 'select something from somewhere' },
  { name: '日本', ms: null, query: '' },
]

test('a table is as wide as it has to be in a pipe, and fits a terminal', () => {
  expect(table(ROWS, COLUMNS)).toBe(
    'name                      age  query\n' +
      'a-long-name-of-a-lock  12.0 s  select something from somewhere\n' +
      '日本                        –  –\n',
  )
  expect(table(ROWS, COLUMNS, { width: 30 })).toBe(
    'name           age  query\na-long-na…  12.0 s  select so…\n日本             –  –\n',
  )
})

test('what is left out first is what is optional', () => {
  expect(table(ROWS, COLUMNS, { width: 16 })).toBe('name         age\na-long-…  12.0 s\n日本           –\n')
  expect(table([], COLUMNS)).toBe('')
})

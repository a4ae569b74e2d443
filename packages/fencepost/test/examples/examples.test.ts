import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase, emptyDatabase } from '../support/database.ts'
import { GO, PYTHON, RUBY } from '../support/other-languages.ts'
import { programEnvironment } from '../support/program-environment.ts'
import { PSQL } from '../support/psql.ts'

interface Language {
  /** How a line of comment begins. */
  readonly comment: string
  /** Undefined if it is not installed. */
  readonly command: readonly string[] | undefined
}

const FOLDER = new URL('../../../../examples/', import.meta.url)
const PSQL_FILE = PSQL === undefined ? undefined : [PSQL, '-X', '-q', '-A', '-t', '-f']
const LANGUAGES: Readonly<Record<string, Language>> = {
  '.mjs': { comment: '// ', command: [process.execPath] },
  '.go': { comment: '// ', command: GO },
  '.py': { comment: '# ', command: PYTHON },
  '.rb': { comment: '# ', command: RUBY },
  '.sql': { comment: '-- ', command: PSQL_FILE },
}
/** These go on until they are stopped, or do what is there to be done: test/jobs/other-languages.test.ts. */
const WORKER = /^worker\./

const empty = await emptyDatabase()
// Only the library makes the schema by itself.
const withSchema = await cloneDatabase()
afterAll(() => Promise.all([empty, withSchema].map((database) => database[Symbol.asyncDispose]())))

const examples = readdirSync(FOLDER).map((file) => ({ file, language: LANGUAGES[extname(file)] }))

test('each example is of a language that is run here', () => {
  expect(examples.filter(({ language }) => language === undefined)).toEqual([])
})

test.each(examples)('$file has at most 40 lines', ({ file }) => {
  // gofmt leaves no block on one line.
  expect(linesOf(file).length).toBeLessThanOrEqual(file.endsWith('.go') ? 60 : 40)
})

test.for(examples.filter(({ file }) => !WORKER.test(file)))(
  '$file prints what its last lines say',
  async ({ file, language }, { skip }) => {
    if (language?.command === undefined) return skip('it is not installed')
    const { comment, command } = language
    const lines = linesOf(file)
    const promised = lines
      .slice(lines.findLastIndex((line) => !line.startsWith(comment)) + 1)
      .map((line) => line.slice(comment.length))
    expect(promised).not.toEqual([])

    const { url } = file.endsWith('.mjs') ? empty : withSchema
    const [program = '', ...args] = command
    const { stdout } = await promisify(execFile)(program, [...args, pathOf(file)], { env: programEnvironment(url) })
    expect(stdout.trimEnd().split('\n')).toEqual(promised)
  },
)

function pathOf(file: string): string {
  return new URL(file, FOLDER).pathname
}

function linesOf(file: string): string[] {
  return readFileSync(pathOf(file), 'utf8').trimEnd().split('\n')
}

import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { GO, PYTHON, RUBY } from '../support/other-languages.ts'
import { PSQL } from '../support/psql.ts'
import { CLIENTS, type Snippet } from '../../../../scripts/docs/read-snippets.js'

interface Language {
  readonly file: string
  /** Undefined where the language is not installed. */
  readonly command: readonly string[] | undefined
  /** Whether our schema is there before: only the library and the command install it by themselves. */
  readonly hasSchema?: boolean
}

export const TYPESCRIPT = 'ts'

const PSQL_FILE = PSQL === undefined ? undefined : [PSQL, '-Xq', '-v', 'ON_ERROR_STOP=1', '-f']

const SHELL: Language = { file: 'snippet.sh', command: ['bash', '-eu', '-o', 'pipefail'] }

const LANGUAGES: Readonly<Record<string, Language>> = {
  // Compiled before.
  [TYPESCRIPT]: { file: 'snippet.js', command: [process.execPath, '--enable-source-maps'] },
  js: { file: 'snippet.js', command: [process.execPath] },
  sh: SHELL,
  bash: SHELL,
  sql: { file: 'snippet.sql', command: PSQL_FILE, hasSchema: true },
  py: { file: 'snippet.py', command: PYTHON, hasSchema: true },
  ruby: { file: 'snippet.rb', command: RUBY, hasSchema: true },
  go: { file: 'snippet.go', command: GO, hasSchema: true },
}

export function languageOf({ language }: Snippet): Language | undefined {
  return LANGUAGES[language]
}

/** Undefined if it is run here. */
export function whyNotRun(snippet: Snippet): string | undefined {
  if (snippet.noRun !== undefined) return snippet.noRun
  const known = languageOf(snippet)
  if (known === undefined) return `nothing runs ${snippet.language}`
  const wanting = snippet.needs.find((need) => need !== CLIENTS && !isInstalled(need))
  if (wanting !== undefined) return `${wanting} is not installed`
  return known.command === undefined ? `${snippet.language}, or its driver, is not installed` : undefined
}

function isInstalled(program: string): boolean {
  if (program === 'psql') return PSQL !== undefined
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)))
}

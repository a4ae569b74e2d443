import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compileSnippets, folderIn, placeOf } from '../../../../scripts/docs/compile-snippets.js'
import type { Snippet } from '../../../../scripts/docs/read-snippets.js'
import { languageOf, TYPESCRIPT } from './languages.ts'

const MAIN = join(import.meta.dirname, '../../dist/cli/main.js')

/** Where the commands of a folder of snippets are. */
export const COMMANDS = join('node_modules', '.bin')

/** A snippet as it is run: a command, in a folder of its own. */
export interface Prepared {
  readonly snippet: Snippet
  readonly place: string
  readonly command: readonly string[]
  readonly cwd: string
}

/**
 * Writes snippets where they find their packages, all TypeScript compiled at once.
 *
 * @param modules path of a node_modules
 */
export function prepareSnippets(snippets: readonly Snippet[], modules: string) {
  const folder = folderIn(modules, 'pages')
  writeCommand(folder)
  const compiled = snippets.filter(({ language }) => language === TYPESCRIPT)
  const problems = compiled.length === 0 ? [] : compileSnippets(folder, compiled)
  const prepared = snippets.map((snippet, at): Prepared => {
    const { file = '', command = [] } = languageOf(snippet) ?? {}
    const cwd = join(folder, String(at))
    mkdirSync(cwd)
    const isCompiled = snippet.language === TYPESCRIPT
    const path = isCompiled ? join(folder, `snippet-${compiled.indexOf(snippet)}.js`) : join(cwd, file)
    if (!isCompiled) writeFileSync(path, `${snippet.text}\n`)
    return { snippet, place: placeOf(snippet), command: [...command, path], cwd }
  })
  return { folder, prepared, problems }
}

/** Our command, as it is in a project that has installed us: npx looks there. */
function writeCommand(folder: string): void {
  const commands = join(folder, COMMANDS)
  mkdirSync(commands, { recursive: true })
  writeFileSync(join(commands, 'fencepost'), `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`, { mode: 0o755 })
}

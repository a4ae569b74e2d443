import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { workspaceRoot } from '../run/workspace-root.js'

const ERROR = /^snippet-(\d+)\.ts\((\d+),\d+\): (error .*)$/

/** @typedef {import('./read-snippets.js').Snippet} Snippet */

/**
 * A new folder beside installed packages, so that they are found by their names; one a run, so that two may run at once.
 *
 * @param {string} modules path of a node_modules
 * @param {string} name its name begins with
 */
export function folderIn(modules, name) {
  const cache = join(modules, '.cache')
  mkdirSync(cache, { recursive: true })
  return mkdtempSync(join(cache, `${name}-`))
}

/**
 * Compiles each ts snippet as a module of its own: `snippet-0.ts` of the folder to `snippet-0.js`, and so on by their places.
 *
 * @param {string} folder
 * @param {readonly Snippet[]} snippets
 * @returns {string[]} problems, each beginning with the place on the page
 */
export function compileSnippets(folder, snippets) {
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(configOf(snippets)))
  for (const [index, { text }] of snippets.entries())
    writeFileSync(join(folder, `snippet-${index}.ts`), `${text}\nexport {}\n`)
  const tsc = join(workspaceRoot, 'node_modules', 'typescript', 'bin', 'tsc')
  const { stdout, stderr, status } = spawnSync(process.execPath, [tsc, '--pretty', 'false', '-p', '.'], {
    cwd: folder,
    encoding: 'utf8',
  })
  if (status === 0) return []
  const lines = `${stdout}${stderr}`.trimEnd().split('\n')
  return lines.map((line) => {
    const [, index, row, message] = ERROR.exec(line) ?? []
    const snippet = snippets[Number(index)]
    return snippet === undefined ? line : `${placeOf(snippet, Number(row))}: ${message}`
  })
}

/**
 * Where a line of a snippet's text stands.
 *
 * @param {Snippet} snippet @param {number} row counted from 1
 */
export function placeOf({ page, line, before, length }, row = before + 1) {
  const inBlock = row - before
  return inBlock > 0 && inBlock <= length ? `${page}:${line + inBlock - 1}` : `${page}:${line}: in what is given`
}

/** @param {readonly Snippet[]} snippets */
function configOf(snippets) {
  return {
    extends: join(workspaceRoot, 'tsconfig.base.json'),
    // An example may show a thing without using it.
    compilerOptions: {
      composite: false,
      declaration: false,
      sourceMap: true,
      noUnusedLocals: false,
      noUnusedParameters: false,
    },
    files: snippets.map((_, index) => `snippet-${index}.ts`),
  }
}

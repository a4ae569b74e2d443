import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { readMarkdown } from './read-markdown.js'

const NO_CHECK = /^no-check:\s*(.*\S)/s
const GIVEN = /^given:\s*/
const ERROR = /^snippet-(\d+)\.ts\((\d+),\d+\): (error .*)$/

/**
 * A block as it is compiled: `before` lines of given declarations stand before its own first line.
 *
 * @typedef {{ page: string, line: number, code: string, before: number }} Snippet
 */

/**
 * Compiles each ts block of the pages as a module of its own, against the packages by their names.
 *
 * @param {string} root of a workspace that is installed and built
 * @param {string[]} pages paths of Markdown files
 * @returns {import('../run/report.js').Findings}
 */
export function checkSnippets(root, pages) {
  /** @type {import('../run/report.js').Findings} */
  const findings = { problems: [], notes: [] }
  /** @type {Snippet[]} */
  const snippets = []
  for (const page of pages) {
    for (const { language, line, code, comments } of readMarkdown(readFileSync(page, 'utf8')).blocks) {
      const place = `${relative(root, page)}:${line}`
      const reason = comments.flatMap((comment) => NO_CHECK.exec(comment)?.[1] ?? [])[0]
      const given = comments
        .filter((comment) => GIVEN.test(comment))
        .map((comment) => `${comment.replace(GIVEN, '')}\n`)
        .join('')
      if (language !== 'ts') continue
      if (reason !== undefined) findings.notes.push(`${place}: not checked: ${reason}`)
      else
        snippets.push({
          page: relative(root, page),
          line,
          code: `${given}${code}`,
          before: given.split('\n').length - 1,
        })
    }
  }
  if (snippets.length > 0) findings.problems.push(...compile(root, snippets))
  return findings
}

/** @param {string} root @param {Snippet[]} snippets */
function compile(root, snippets) {
  const cache = join(root, 'node_modules', '.cache')
  mkdirSync(cache, { recursive: true })
  // Inside the workspace, so that packages are found by their names; one folder a run, so that two may run at once.
  const folder = mkdtempSync(join(cache, 'docs-snippets-'))
  try {
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(configOf(snippets)))
    for (const [index, { code }] of snippets.entries())
      writeFileSync(join(folder, `snippet-${index}.ts`), `${code}\nexport {}\n`)
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    const { stdout, stderr, status } = spawnSync(process.execPath, [tsc, '--pretty', 'false', '-p', '.'], {
      cwd: folder,
      encoding: 'utf8',
    })
    return status === 0
      ? []
      : `${stdout}${stderr}`
          .trimEnd()
          .split('\n')
          .map((line) => locate(line, snippets))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @param {Snippet[]} snippets */
function configOf(snippets) {
  return {
    extends: '../../../tsconfig.base.json',
    // An example may show a thing without using it.
    compilerOptions: {
      noEmit: true,
      composite: false,
      declaration: false,
      sourceMap: false,
      noUnusedLocals: false,
      noUnusedParameters: false,
    },
    files: snippets.map((_, index) => `snippet-${index}.ts`),
  }
}

/** @param {string} line of the compiler's @param {Snippet[]} snippets */
function locate(line, snippets) {
  const [, index, row, message] = ERROR.exec(line) ?? []
  const snippet = snippets[Number(index)]
  if (index === undefined || snippet === undefined) return line
  const inBlock = Number(row) - snippet.before
  return inBlock > 0
    ? `${snippet.page}:${snippet.line + inBlock - 1}: ${message}`
    : `${snippet.page}:${snippet.line}: in what is given: ${message}`
}

import { maskTypescript } from './mask-typescript.js'

// `[^"=()]` keeps one statement from reaching into the next, whose string would not be its own.
const FROM = /\b(?:import|export)\b[^"=();]*?\bfrom\s*"(\d+)"/g
const BARE = /\bimport\s*"(\d+)"/g
const CALL = /\b(?:import|require)\s*\(\s*(?:"(\d+)"\s*[,)])?/g
const REEXPORT = /\bexport\s+(?:type\s+)?(?:\*(?:\s*as\s+\w+)?|\{[^}]*\})\s*from\s*"\d+"/g

/**
 * @typedef {{ specifier: string | null, line: number }} Import `specifier` is null where it is computed
 * @typedef {{ imports: Import[], onlyReexports: boolean }} Module
 */

/**
 * Everything a module names as another module: imports and re-exports, of values and of types, also in type position.
 *
 * @param {string} source
 * @returns {Module}
 */
export function readImports(source) {
  const { code, strings } = maskTypescript(source)
  const imports = [FROM, BARE, CALL].flatMap((pattern) =>
    [...code.matchAll(pattern)].map((match) => ({
      specifier: match[1] === undefined ? null : (strings[Number(match[1])] ?? null),
      line: code.slice(0, match.index + match[0].length).split('\n').length,
    })),
  )
  return { imports, onlyReexports: code.replace(REEXPORT, '').replace(/[;\s]/g, '') === '' }
}

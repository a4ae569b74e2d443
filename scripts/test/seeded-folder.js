import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

/**
 * A folder with the given files, gone when the test is over.
 *
 * @param {Record<string, string>} files contents by path
 * @returns {string} its path
 */
export function seededFolder(files) {
  const folder = mkdtempSync(join(tmpdir(), 'fencepost-seeded-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  return folder
}

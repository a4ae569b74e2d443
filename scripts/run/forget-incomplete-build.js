import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Lets the compiler start over where an output is missing: it believes its .tsbuildinfo and does not look.
 *
 * @param {string} folder of a package with src and dist
 */
export function forgetIncompleteBuild(folder) {
  const info = join(folder, 'dist', '.tsbuildinfo')
  if (!existsSync(info) || !existsSync(join(folder, 'src'))) return
  const sources = readdirSync(join(folder, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    /(?<!\.d)\.ts$/.test(name),
  )
  const isMissing = sources.some((name) => !existsSync(join(folder, 'dist', name.replace(/\.ts$/, '.js'))))
  if (isMissing) rmSync(info)
}

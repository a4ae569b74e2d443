import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { ScriptError } from './script-error.js'

/**
 * Says whose the checkout is before npm or the compiler fail on it in a dozen lines.
 *
 * @param {string} root
 * @throws {ScriptError} if something that preparing writes to is not ours to write to
 */
export function requireWritable(root) {
  const path = placesWritten(root).find((place) => existsSync(place) && !isWritable(place))
  if (path === undefined) return
  const owner = statSync(path).uid
  const name = relative(root, path) || 'the checkout'
  throw new ScriptError(
    owner === process.getuid?.()
      ? `${name} cannot be written to. Preparing installs and builds in place, so it needs a writable checkout.`
      : `${name} belongs to the user with the id ${owner}, and this is the user with the id ${process.getuid?.()}.\n` +
          `Run this as its owner, or make it yours: sudo chown -R "$(id -u)" .`,
  )
}

/** @param {string} root */
function placesWritten(root) {
  const modules = join(root, 'node_modules')
  const dists = readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name, 'dist'))
  const places = [modules, join(modules, '.cache'), join(modules, '.cache', 'prepared')]
  for (const dist of dists) places.push(dist, join(dist, '.tsbuildinfo'))
  // Without these the checkout itself has to take them.
  return dists.every(existsSync) && existsSync(modules) ? places : [root, ...places]
}

/** @param {string} path */
function isWritable(path) {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

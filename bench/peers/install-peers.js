import { join } from 'node:path'
import { installFolder } from '../../scripts/run/install-folder.js'

const FOLDER = join(import.meta.dirname, '..')

/**
 * Installs the packages that the benchmarks compare with, if they are not there yet.
 *
 * @returns {Promise<string | null>} why it could not be done
 */
export async function installPeers() {
  return await installFolder(FOLDER, { say: 'bench: installing what we compare with into bench/node_modules' })
}

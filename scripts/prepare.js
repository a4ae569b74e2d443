import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findNpm } from './run/find-npm.js'
import { forgetIncompleteBuild } from './run/forget-incomplete-build.js'
import { requireWritable } from './run/require-writable.js'
import { runAsScript } from './run/run-as-script.js'
import { runChild } from './run/run-child.js'
import { ScriptError } from './run/script-error.js'
import { withFolderLock } from './run/with-folder-lock.js'
import { workspaceRoot } from './run/workspace-root.js'

const OLDEST_NODE = { major: 20, minor: 19 }
const CACHE = join(workspaceRoot, 'node_modules', '.cache')
const STAMP = join(CACHE, 'prepared')
// In the order of their need: the command line's types come from dev-postgres.
const BUILT = ['packages/dev-postgres', 'packages/fencepost', 'packages/lab']
// `npm install`, not `npm ci`: the lock file cannot list the lint binaries of every platform. The includes are for
// a machine with NODE_ENV=production, where npm would leave out the compiler.
const INSTALL = [
  'install',
  '--no-save',
  '--no-audit',
  '--no-fund',
  '--loglevel=error',
  '--include=dev',
  '--include=optional',
  // npm's own waits between tries add up to many minutes where there is no network at all.
  '--fetch-retries=2',
  '--fetch-retry-mintimeout=1000',
  '--fetch-retry-maxtimeout=5000',
]
// Whatever these programs say goes to stderr: stdout belongs to the script that prepares.
/** @type {import('node:child_process').StdioOptions} */
const STDIO = ['ignore', 2, 2]

/**
 * Installs what the lock file asks for, if that is not there yet, and compiles what has changed.
 * Several may run at once; the second waits for the first.
 *
 * @throws {ScriptError} if something of it failed; what is missing is made up for by the next run
 */
export async function prepare() {
  await locked(async () => {
    await install()
    await build()
  })
}

/**
 * The first half of {@link prepare}, for a caller that compiles by itself.
 *
 * @throws {ScriptError} if npm failed
 */
export async function prepareModules() {
  await locked(install)
}

/** @param {() => Promise<void>} action */
async function locked(action) {
  requireNode(process.versions.node)
  requireWritable(workspaceRoot)
  mkdirSync(CACHE, { recursive: true })
  await withFolderLock(join(CACHE, 'prepare.lock'), action, (pid) =>
    say(`waiting for process ${pid ?? '?'}, which prepares`),
  )
}

/** @param {string} version */
function requireNode(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > OLDEST_NODE.major || (major === OLDEST_NODE.major && minor >= OLDEST_NODE.minor)) return
  const oldest = `${OLDEST_NODE.major}.${OLDEST_NODE.minor}`
  throw new ScriptError(`Node ${oldest} or newer is needed; this is ${version}. See https://nodejs.org/download`)
}

async function install() {
  const wanted = installStamp()
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return
  say('installing packages (the first time this needs the network)')
  rmSync(STAMP, { force: true })
  const npm = findNpm()
  const code = await runChild(npm.command, [...npm.args, ...INSTALL], {
    cwd: workspaceRoot,
    stdio: STDIO,
    shell: npm.shell,
  }).catch((error) => {
    throw new ScriptError(
      `npm could not be started (${error.message}). It comes with Node: install it and run this again.`,
    )
  })
  if (code !== 0) throw new ScriptError(installFailure(code), code > 128 ? code : 1)
  // Last: an install that was interrupted leaves no stamp and is repeated.
  writeFileSync(STAMP, wanted)
}

/** Of everything that decides what npm would put into node_modules. */
function installStamp() {
  const hash = createHash('sha256').update([process.platform, process.arch, process.versions.modules].join(' '))
  const packages = readdirSync(join(workspaceRoot, 'packages')).toSorted()
  const manifests = ['package.json', ...packages.map((name) => `packages/${name}/package.json`)]
  for (const path of ['package-lock.json', '.npmrc', ...manifests]) {
    const file = join(workspaceRoot, path)
    if (existsSync(file)) hash.update(`\n${path}\n`).update(readFileSync(file))
  }
  return hash.digest('hex')
}

/** @param {number} code */
function installFailure(code) {
  return (
    `npm install ended with ${code}; what it said stands above. The packages are not all here yet, and getting them needs\n` +
    `the npm registry: connect, or name a mirror (npm config set registry <address>), and run this again.\n` +
    'Once they are installed, everything works offline.'
  )
}

async function build() {
  if (BUILT.some((path) => !existsSync(join(workspaceRoot, path, 'dist')))) say('building')
  for (const path of BUILT) forgetIncompleteBuild(join(workspaceRoot, path))
  const tsc = join(workspaceRoot, 'node_modules', 'typescript', 'bin', 'tsc')
  const code = await runChild(process.execPath, [tsc, '-b', ...BUILT], { cwd: workspaceRoot, stdio: STDIO })
  if (code !== 0) throw new ScriptError(`the build ended with ${code}; the errors stand above`, code > 128 ? code : 1)
}

/** @param {string} text */
function say(text) {
  process.stderr.write(`prepare: ${text}\n`)
}

await runAsScript(import.meta.url, async () => {
  await prepare()
  return 0
})

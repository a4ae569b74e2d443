import { spawnSync } from 'node:child_process'
import { copyFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { workspaceRoot } from '../run/workspace-root.js'
import { seededFolder } from './seeded-folder.js'

/** @param {string} source */
function lint(source) {
  const compilerOptions = { strict: true, target: 'es2023', module: 'nodenext' }
  const root = seededFolder({ 'tsconfig.json': JSON.stringify({ compilerOptions }), 'packages/a/src/a.ts': source })
  copyFileSync(join(workspaceRoot, '.oxlintrc.json'), join(root, '.oxlintrc.json'))
  symlinkSync(join(workspaceRoot, 'node_modules'), join(root, 'node_modules'), 'junction')
  const oxlint = join(workspaceRoot, 'node_modules', 'oxlint', 'bin', 'oxlint')
  const result = spawnSync(process.execPath, [oxlint, '--type-aware', '--deny-warnings'], {
    cwd: root,
    encoding: 'utf8',
  })
  return { status: result.status, text: result.stdout + result.stderr }
}

test('a floating promise fails, and an awaited one passes', () => {
  const work = 'export async function work(): Promise<number> {\n  return await Promise.resolve(1)\n}\n'
  expect(lint(`${work}export async function run(): Promise<void> {\n  await work()\n}\n`)).toMatchObject({ status: 0 })
  const floating = lint(`${work}export function run(): void {\n  work()\n}\n`)
  expect(floating.text).toContain('no-floating-promises')
  expect(floating.status).toBe(1)
})

test('a function of more than 40 lines fails', () => {
  const long = lint(`export function run(a: number[]): void {\n${'  a.push(1)\n'.repeat(40)}}\n`)
  expect(long.text).toContain('max-lines-per-function')
  expect(long.status).toBe(1)
})

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { codeOf } from './errors.ts'

/** What a running server says of itself in its data folder; zeros if none runs. */
export function readPostmaster(data: string): { pid: number; port: number } {
  try {
    const [pid, , , port] = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n').map(Number)
    return { pid: pid || 0, port: port || 0 }
  } catch {
    return { pid: 0, port: 0 }
  }
}

/** Ends the sessions, then the server: `fast` writes a checkpoint, `immediate` leaves recovery to the next start. */
export function shutDown(pid: number, how: 'fast' | 'immediate', programs: string): void {
  const signal = how === 'fast' ? 'INT' : 'QUIT'
  // Windows has no such signals: PostgreSQL listens on a pipe for them there.
  if (process.platform === 'win32') execFile(join(programs, 'pg_ctl'), ['kill', signal, String(pid)], () => {})
  else send(pid, `SIG${signal}`)
}

/** kill -9 of the postmaster alone. Returns its children, who notice by themselves unless they are busy or stopped. */
export async function crash(pid: number): Promise<number[]> {
  // Stopped first, so that no child is born between the look and the kill.
  if (process.platform !== 'win32') send(pid, 'SIGSTOP')
  const children = await childrenOf(pid).catch(() => [])
  send(pid, 'SIGKILL')
  return children
}

/** A process that is gone already is fine. */
export function send(pid: number, signal: NodeJS.Signals): void {
  // 0 would be our own process group.
  if (pid <= 0) return
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error
  }
}

/** It can be taken by somebody else before it is used. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      const port = typeof address === 'object' && address ? address.port : 0
      probe.close(() => resolve(port))
    })
  })
}

async function childrenOf(pid: number): Promise<number[]> {
  const table = process.platform === 'linux' ? await linuxProcesses() : await processes()
  return table.filter(({ parent }) => parent === pid).map((process) => process.pid)
}

/** Slim images have no ps. */
async function linuxProcesses(): Promise<{ pid: number; parent: number }[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0)
  return Promise.all(
    pids.map(async (pid) => {
      const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
      // The program's name stands in brackets and may itself hold brackets and blanks.
      const [, parent] = status.slice(status.lastIndexOf(')') + 2).split(' ')
      return { pid, parent: Number(parent) }
    }),
  )
}

async function processes(): Promise<{ pid: number; parent: number }[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=', '-o', 'ppid='])
  return stdout.split('\n').map((line) => {
    const [pid = 0, parent = 0] = line.trim().split(/\s+/).map(Number)
    return { pid, parent }
  })
}

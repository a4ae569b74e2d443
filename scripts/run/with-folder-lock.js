import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const POLL_MS = 200
// Between making the folder and naming its owner a process may be killed.
const NAMELESS_MS = 10_000

/**
 * Runs `action` while no other process does, and takes the lock over from a process that died with it.
 *
 * @template T
 * @param {string} folder stands for the lock; its parent must exist
 * @param {() => Promise<T>} action
 * @param {(ownerPid: number | null) => void} onWait called once, if there is anything to wait for
 * @returns {Promise<T>}
 */
export async function withFolderLock(folder, action, onWait) {
  let told = false
  while (!take(folder)) {
    const owner = ownerOf(folder)
    if (isAbandoned(folder, owner)) {
      discard(folder)
      continue
    }
    if (!told) onWait(owner)
    told = true
    await delay(POLL_MS)
  }
  try {
    return await action()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @param {string} folder */
function take(folder) {
  try {
    mkdirSync(folder)
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
  writeFileSync(join(folder, 'pid'), String(process.pid))
  return true
}

/** @param {string} folder @returns {number | null} */
function ownerOf(folder) {
  try {
    return Number(readFileSync(join(folder, 'pid'), 'utf8')) || null
  } catch {
    return null
  }
}

/** @param {string} folder @param {number | null} owner */
function isAbandoned(folder, owner) {
  if (owner !== null) return !isAlive(owner)
  const made = statSync(folder, { throwIfNoEntry: false })?.mtimeMs
  return made !== undefined && Date.now() - made > NAMELESS_MS
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/**
 * Renamed first: of several that find the same dead owner only one moves the folder away.
 *
 * @param {string} folder
 */
function discard(folder) {
  const aside = `${folder}.${process.pid}`
  try {
    renameSync(folder, aside)
  } catch (error) {
    if (error.code === 'ENOENT') return
    throw error
  }
  rmSync(aside, { recursive: true, force: true })
}

/** So that compiled code, caches and a connection that was given back are as they are in the middle of work. */
const LEAD_IN_MS = 150

/** @param {import('../../peers/locker.js').Locker} locker */
export function pairs(locker) {
  let index = 0

  /** @param {number} callers @param {number} ms */
  async function run(callers, ms) {
    const from = performance.now()
    let done = 0
    const caller = async () => {
      while (performance.now() - from < ms) {
        const release = await locker.lock(++index)
        await release()
        done++
      }
    }
    await Promise.all(Array.from({ length: callers }, caller))
    return (done / (performance.now() - from)) * 1000
  }

  return {
    /** Locks and releases names that nobody else wants; pairs a second. @param {number} callers @param {number} ms */
    pairs: async (callers, ms) => {
      await run(callers, LEAD_IN_MS)
      return await run(callers, ms)
    },
  }
}

const HOT = 0

/** @param {import('../../peers/locker.js').Locker} locker */
export function contention(locker) {
  let pairs = 0
  let over = new AbortController()
  /** @type {Promise<unknown>} */
  let callers = Promise.resolve()

  async function caller() {
    while (!over.signal.aborted) {
      const release = await locker.lock(HOT)
      await release()
      pairs++
    }
  }

  return {
    /** Locks and releases the hot lock without a pause until `rest`. @param {number} count */
    contend: (count) => {
      over = new AbortController()
      callers = Promise.all(Array.from({ length: count }, caller))
      callers.catch(() => {})
    },

    /** Pairs so far. */
    count: () => pairs,

    rest: async () => {
      over.abort()
      await callers
    },
  }
}

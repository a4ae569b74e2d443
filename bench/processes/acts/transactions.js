/** So that compiled code, caches and plans are as they are in the middle of work. */
const LEAD_IN_MS = 150

/** @param {import('../../peers/writer.js').Writer} writer */
export function transactions(writer) {
  /** @type {(() => Promise<unknown>)[]} */
  let clients = []

  /** @param {number} ms */
  async function run(ms) {
    const from = performance.now()
    let done = 0
    const client = async (/** @type {() => Promise<unknown>} */ write) => {
      while (performance.now() - from < ms) {
        await write()
        done++
      }
    }
    await Promise.all(clients.map(client))
    return (done / (performance.now() - from)) * 1000
  }

  return {
    /** Transactions of one row a second, by so many clients at once. @param {string} work @param {number} count @param {number} ms */
    transactions: async (work, count, ms) => {
      if (clients.length === 0) {
        clients = await Promise.all(Array.from({ length: count }, (_, client) => writer.begin(work, client)))
      }
      await run(LEAD_IN_MS)
      return await run(ms)
    },
  }
}

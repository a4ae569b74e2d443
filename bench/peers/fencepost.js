import { fencepost } from 'fencepost'

/**
 * @param {import('./locker.js').Endpoints} endpoints
 * @returns {Promise<import('./locker.js').Locker>}
 */
export async function openFencepost({ postgres }) {
  const fp = fencepost(postgres, { application: `bench ${process.pid}` })
  return {
    lock: async (index) => {
      const lock = await fp.lock(`bench:${index}`)
      return () => lock.release()
    },
    onStanding: (tell) => void fp.on('waiting', tell),
    close: () => fp.close(),
  }
}

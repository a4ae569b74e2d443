import { DataSource } from 'typeorm'

/** @type {import('./open-client.js').Open} */
export async function open(url) {
  const source = await new DataSource({ type: 'postgres', url }).initialize()
  const idle = source.createQueryRunner()
  return {
    transaction: (work) => source.transaction((manager) => work(manager, (text) => manager.query(text))),
    outside: [source.manager, idle, source],
    close: async () => {
      await idle.release()
      await source.destroy()
    },
  }
}

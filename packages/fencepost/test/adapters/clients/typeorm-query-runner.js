import { DataSource } from 'typeorm'

/** @type {import('./open-client.js').Open} */
export async function open(url) {
  const source = await new DataSource({ type: 'postgres', url }).initialize()
  return {
    transaction: async (work) => {
      const runner = source.createQueryRunner()
      try {
        await runner.startTransaction()
        await work(runner, (text) => runner.query(text))
        await runner.commitTransaction()
      } catch (error) {
        await runner.rollbackTransaction()
        throw error
      } finally {
        await runner.release()
      }
    },
    outside: [source.createQueryRunner()],
    close: () => source.destroy(),
  }
}

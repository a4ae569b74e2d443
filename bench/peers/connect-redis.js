// A name that the compiler does not look for: the package is installed for a run of the benchmarks only.
const PACKAGE = /** @type {string} */ ('ioredis')

/** @param {number} port */
export async function connectRedis(port) {
  const { Redis } = await import(PACKAGE)
  const client = new Redis({ host: '127.0.0.1', port, lazyConnect: true })
  await client.connect()
  return client
}

import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '@prisma/client'

// An interactive transaction is rolled back after 5 s by default.
const LIMITS = { timeout: 120_000, maxWait: 60_000 }

/** @type {import('./open-client.js').Open} */
export async function open(url) {
  const client = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) })
  return {
    transaction: (work) => client.$transaction((tx) => work(tx, (text) => tx.$executeRawUnsafe(text)), LIMITS),
    outside: [client],
    close: () => client.$disconnect(),
  }
}

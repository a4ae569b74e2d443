// Prisma Migrate's lock, taken as it takes it, by a deployment that then hangs.
import pg from 'pg'

const client = new pg.Client(process.env.DATABASE_URL)
await client.connect()
console.log('migrating')
await client.query('select pg_advisory_lock(72707369)')
console.log('locked')
setInterval(() => {}, 1000)

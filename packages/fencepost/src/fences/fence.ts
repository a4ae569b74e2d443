import { header } from './header.ts'
import { redis } from './redis.ts'
import { s3 } from './s3.ts'

/** Fences for what is not PostgreSQL: each sends the lock's token along, and whoever receives it refuses a lower one than it has seen. */
export const fence = { header, redis, s3 }

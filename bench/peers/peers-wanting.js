import { redisVersion } from '../servers/redis.js'
import { installPeers } from './install-peers.js'

/** @typedef {import('./locker.js').Subject} Subject */

/** @type {Subject[]} */
const ON_REDIS = ['redis', 'redlock']

/**
 * Installs what the subjects need and says which of them cannot be measured here, and why.
 *
 * @param {Subject[]} subjects
 * @returns {Promise<{ left: Subject[], why: string }>}
 */
export async function peersWanting(subjects) {
  const left = subjects.filter((subject) => ON_REDIS.includes(subject))
  if (left.length === 0) return { left, why: '' }
  if ((await redisVersion()) === null) {
    return { left, why: 'redis-server is not installed (Debian: apt-get install redis-server)' }
  }
  const failure = await installPeers()
  return failure === null ? { left: [], why: '' } : { left, why: failure }
}

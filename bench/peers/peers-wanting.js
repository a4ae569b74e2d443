import { redisVersion } from '../servers/redis.js'
import { installPeers } from './install-peers.js'

/** @typedef {import('./locker.js').Subject} Subject */

const NO_REDIS = 'redis-server is not installed (Debian: apt-get install redis-server)'
/** @type {Subject[]} */
const ON_REDIS = ['redis', 'redlock', 'bullmq', 'bullmq always']
/** @type {Subject[]} */
const PACKAGES = [
  ...ON_REDIS,
  'graphile-worker',
  'graphile-worker local',
  'graphile-worker batch',
  'pg-boss',
  'pg-boss batch',
]

/**
 * Installs what the subjects need and says which of them cannot be measured here, and why.
 *
 * @param {Subject[]} subjects
 * @returns {Promise<{ left: Subject[], notes: string[] }>}
 */
export async function peersWanting(subjects) {
  const onRedis = subjects.filter((subject) => ON_REDIS.includes(subject))
  const hasRedis = onRedis.length === 0 || (await redisVersion()) !== null
  const withoutServer = hasRedis ? [] : onRedis
  const installed = subjects.filter((subject) => PACKAGES.includes(subject) && !withoutServer.includes(subject))
  const failure = installed.length === 0 ? null : await installPeers()
  const withoutPackage = failure === null ? [] : installed
  return {
    left: [...withoutServer, ...withoutPackage],
    notes: [...leftOut(withoutServer, NO_REDIS), ...leftOut(withoutPackage, failure ?? '')],
  }
}

/** @param {Subject[]} subjects @param {string} why */
function leftOut(subjects, why) {
  return subjects.length === 0 ? [] : [`left out: ${subjects.join(', ')}: ${why}`]
}

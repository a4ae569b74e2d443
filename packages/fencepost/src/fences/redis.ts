import { type Duration, parseDuration } from '../ground/duration.ts'
import { checkFenced, type Fenced } from './fenced.ts'

/** A Redis command, as its words; the second is its key. */
export type RedisCommand = readonly [command: string, key: string, ...rest: string[]]

export interface RedisFenceOptions {
  /** Where the highest token is remembered. Default `fencepost:<name>`. In a cluster: a key with the hash tag of the keys that are written. */
  readonly tokenKey?: string
  /** For how long after the last fenced write it is remembered. Default `'24d'`, which is also the most. */
  readonly keepFor?: Duration
}

/** What EVAL takes: `redis.eval(script, keys.length, ...keys, ...args)`, or `client.eval(script, { keys, arguments: args })`. */
export interface RedisFence {
  readonly script: string
  readonly keys: string[]
  readonly args: string[]
}

/** Tokens are safe integers, which Lua's numbers hold exactly. Each command comes as the count of its words and the words. */
const SCRIPT = `
local seen = redis.call('GET', KEYS[1])
if seen and tonumber(seen) > tonumber(ARGV[1]) then
  return redis.error_reply('LK001 token ' .. ARGV[1] .. ' is stale: token ' .. seen .. ' has been seen in ' .. KEYS[1])
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
local at, results = 3, {}
while at <= #ARGV do
  local words = tonumber(ARGV[at])
  results[#results + 1] = redis.call(unpack(ARGV, at + 1, at + words))
  at = at + words + 1
end
return results`

/**
 * A script that runs commands in Redis unless a newer token of the lock has been seen there, all in one step, and answers with what each
 * returned. Refused with an error reply that begins with `LK001`. Without commands it only makes the token known: do that first, and
 * an earlier holder is refused from then on.
 *
 * @throws {LockReleasedError} after the release.
 */
export function redis(
  lock: Fenced,
  commands: readonly RedisCommand[] = [],
  options: RedisFenceOptions = {},
): RedisFence {
  checkFenced(lock)
  const { tokenKey = `fencepost:${lock.name}`, keepFor = '24d' } = options
  const keepMs = parseDuration(keepFor, 'keepFor')
  return {
    script: SCRIPT,
    keys: [tokenKey, ...new Set(commands.map(([, key]) => key))],
    args: [String(lock.token), String(keepMs), ...commands.flatMap((words) => [String(words.length), ...words])],
  }
}

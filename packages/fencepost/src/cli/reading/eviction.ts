import type { Duration } from '../../ground/duration.ts'
import type { EvictionReport, EvictOptions } from '../../index.ts'
import { CommandError, ExitCode } from '../exit-code.ts'
import { visible } from '../show/visible.ts'
import { targetOf } from '../target.ts'
import { whoText } from './lock-words.ts'
import type { Holding } from './who.ts'

/** Where the lock is. */
export interface EvictionPlace {
  readonly url?: string
  readonly schema: string
  readonly namespace: string
  readonly grace: Duration
}

/** Whom it is taken from: whoever comes after them is left alone. */
export type Evictee = Pick<EvictOptions, 'token' | 'backend'>

/** @throws {CommandError} if it cannot be asked for by a token, nor one backend be named. */
export function evicteeOf({ held, title }: Pick<Holding, 'held' | 'title'>): Evictee {
  const [first, ...more] = held
  if (first?.token != null) return { token: first.token }
  if (first?.backend != null && more.length === 0) return { backend: first.backend }
  const whom = held.map((one) => whoText(one)).join('; ')
  const why = `"${visible(title)}" was not taken through fencepost and is held by ${visible(whom)}: end that by hand`
  throw new CommandError(why, ExitCode.busy)
}

export async function takeAway(name: string, place: EvictionPlace, evictee: Evictee): Promise<EvictionReport> {
  const { fencepost } = await import('../../index.ts')
  const { url, schema, namespace, grace } = place
  await using fp = fencepost(targetOf(url), { schema, namespace, migrate: 'off', application: 'fencepost evict' })
  return await fp.evict(name, { ...evictee, grace })
}

/** What was done, in one sentence or two. */
export function evictionText(name: string, { outcome, token, holders }: EvictionReport): string {
  const [lock, who] = [`"${visible(name)}"`, visible(holders.map((one) => whoText(one)).join('; '))]
  const under = token === null ? '' : ` Nothing is committed under token ${token} any more.`
  switch (outcome) {
    case 'released':
      return `${lock} was let go of by ${who}, which was asked.${under}`
    case 'terminated':
      return `${lock} was taken from ${who}: its connection was ended.${under}`
    case 'changed':
      return `${lock} is held by somebody else by now, ${who}: nothing was done.`
    case 'not held':
      return `${lock} had been let go of already: nothing was done.`
  }
}

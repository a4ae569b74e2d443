import type { JobHolder, JobRecord } from '../../index.ts'

/** `crew@host, pid 7`; null while nobody runs it. */
export function holderText(holder: JobHolder | null): string | null {
  if (holder === null) return null
  const { application, host, process } = holder
  return `${application}${host === '' ? '' : `@${host}`}, pid ${process}`
}

/** `job 42 (send of queue mail, running)`. */
export function jobText({ id, name, queue, state }: JobRecord): string {
  return `job ${id} (${name} of queue ${queue}, ${state})`
}

/** Since when it is in its state, by the clock here. */
export function sinceOf({ state, enqueuedAt, runAt, claimedAt, finishedAt }: JobRecord): Date {
  if (state === 'running') return claimedAt ?? enqueuedAt
  if (state === 'ready' || state === 'delayed') return runAt ?? enqueuedAt
  return finishedAt ?? enqueuedAt
}

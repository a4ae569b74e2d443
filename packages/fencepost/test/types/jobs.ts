// Compiled by `npm run check`, never run: what a job is not given, or is enqueued with wrongly, must not pass.
import { defineJob, type Enqueued, type Fencepost, type Job, type JobKind, type StandardSchema } from 'fencepost'
import type pg from 'pg'

declare const fp: Fencepost
declare const client: pg.PoolClient
declare const pool: pg.Pool
/** What goes in is a text, what comes out is a number, as with a coercing schema. */
declare const schema: StandardSchema<{ amount: string }, { amount: number }>
/** As zod, valibot and arktype type theirs: more than what we ask for. */
declare const vendored: StandardSchema<{ id: number; note?: string }> & { parse(value: unknown): { id: number } }

const pay = defineJob({
  name: 'pay',
  schema,
  group: ({ amount }) => amount.toFixed(),
  retry: { attempts: 3, decide: (_, { attempt }) => (attempt > 1 ? 'dead' : { in: '5m' }) },
  async run({ amount }, job) {
    return amount + job.attempt
  },
})
const mail = defineJob({ name: 'mail', run: (payload: { to: string }) => payload.to.length })
const sweep = defineJob({ name: 'sweep', run() {} })
const remote = defineJob({ name: 'remote', schema: vendored })

export const kinds: [Job<{ amount: string }, { amount: number }, number>, JobKind<{ id: number; note?: string }>] = [
  pay,
  remote,
]

export async function accepted(): Promise<void> {
  const { id, isNew }: Enqueued = await fp.enqueue(pay, { amount: '5' })
  await fp.enqueue(mail, { to: `${id} ${isNew}` }, { tx: client, delay: '1h', priority: 1, group: 'g', keep: '7d' })
  await fp.enqueue(mail, { to: 'a' }, { runAt: new Date(), key: 'a', window: '10m' })
  await fp.enqueue(mail, { to: 'a' }, { key: 'a', onDuplicate: 'debounce', delay: '5s' })
  await fp.enqueue(mail, { to: 'a' }, { key: 'a', onDuplicate: 'replace' })
  await fp.enqueue(remote, { id: 5 })
  await fp.enqueue(sweep)
  const many: Enqueued[] = await fp.enqueueMany(mail, [{ to: 'a' }], { key: ({ to }) => to, tx: client })
  await fp.enqueueMany(
    pay,
    many.map(() => ({ amount: '1' })),
  )
}

export async function refused(): Promise<void> {
  // @ts-expect-error -- what goes into the schema, not what comes out
  await fp.enqueue(pay, { amount: 5 })
  // @ts-expect-error -- it needs its payload
  await fp.enqueue(mail)
  // @ts-expect-error -- of another job
  await fp.enqueue(mail, { amount: '5' })
  // @ts-expect-error -- one of them is wrong
  await fp.enqueueMany(mail, [{ to: 'a' }, { to: 5 }])
  // @ts-expect-error -- a number has no unit
  await fp.enqueue(mail, { to: 'a' }, { delay: 5 })
  // @ts-expect-error -- they exclude each other
  await fp.enqueue(mail, { to: 'a' }, { delay: '5s', runAt: new Date() })
  // @ts-expect-error -- a policy needs a key
  await fp.enqueue(mail, { to: 'a' }, { onDuplicate: 'replace' })
  // @ts-expect-error -- a window needs a key
  await fp.enqueue(mail, { to: 'a' }, { window: '1m' })
  // @ts-expect-error -- put off until when?
  await fp.enqueue(mail, { to: 'a' }, { key: 'a', onDuplicate: 'debounce' })
  // @ts-expect-error -- a window is for skipping
  await fp.enqueue(mail, { to: 'a' }, { key: 'a', onDuplicate: 'replace', window: '1m' })
  // @ts-expect-error -- one key for several jobs would leave one of them
  await fp.enqueueMany(mail, [{ to: 'a' }], { key: 'a' })
  // @ts-expect-error -- each query of a pool may run on another connection
  await fp.enqueue(mail, { to: 'a' }, { tx: pool })
  // @ts-expect-error -- no such option
  await fp.enqueue(mail, { to: 'a' }, { after: '5s' })
  // @ts-expect-error -- no such option of a definition
  defineJob({ name: 'a', retries: 5, run() {} })
  // @ts-expect-error -- the schema puts out a number
  defineJob({ name: 'a', schema, run: (payload: { amount: string }) => payload.amount.length })
  // @ts-expect-error -- a number has no unit
  defineJob({ name: 'a', timeout: 5, run() {} })
}

import { defineJob, fencepost, JobPayloadError, type StandardSchema } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { parsePayload } from '../../src/queue/payload.ts'
import { cloneDatabase } from '../support/database.ts'
import { jobsOf } from './jobs.ts'

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())

const run = () => {}

test.each<[why: string, definition: object, says: RegExp]>([
  ['no name', { run }, /the name of a job must be a string; got undefined/],
  ['an empty name', { name: '', run }, /the name of a job must have 1 to 200 characters; it has 0/],
  ['a name that is too long', { name: 'x'.repeat(201), run }, /it has 201/],
  ['NUL in its name', { name: 'a\0', run }, /must not contain NUL/],
  ['an unknown option', { name: 'a', retries: 5, run }, /a job has no option 'retries'; there are name, schema, queue/],
  ['a queue with a colon', { name: 'a', queue: 'a:b', run }, /must not contain ':'/],
  ['a schema that is none', { name: 'a', schema: { parse() {} }, run }, /schema must be a Standard Schema/],
  ['a run that is no function', { name: 'a', run: 'later' }, /run must be a function; got string/],
  ['a group that is no function', { name: 'a', group: 'x', run }, /group must be a function/],
  ['a timeout without a unit', { name: 'a', timeout: 5, run }, /timeout must be a duration/],
  ['no timeout at all', { name: 'a', timeout: '0s', run }, /timeout must be longer/],
  ['a priority that is a fraction', { name: 'a', priority: 0.5, run }, /priority must be a whole number/],
  ['a priority that no integer holds', { name: 'a', priority: 2 ** 31, run }, /priority must be a whole number/],
  ['to be kept for no time', { name: 'a', keep: '0s', run }, /keep must be longer/],
  ['no attempt', { name: 'a', retry: { attempts: 0 }, run }, /retry.attempts must be a whole number from 1 to 1000/],
  ['a delay that shrinks', { name: 'a', retry: { factor: 0.5 }, run }, /retry.factor must be a number of at least 1/],
  ['an unknown member of retry', { name: 'a', retry: { max: 1 }, run }, /retry has no option 'max'/],
  ['a decision that is no function', { name: 'a', retry: { decide: 'retry' }, run }, /retry.decide must be a function/],
  ['no concurrency', { name: 'a', concurrency: 0, run }, /concurrency must be a whole number from 1/],
  ['a rate without an interval', { name: 'a', rate: { limit: 5 }, run }, /rate.per must be a duration/],
])('P7: a job with %s is a TypeError at its definition', (_, definition, says) => {
  const define = () => defineJob(definition as never)
  expect(define).toThrow(TypeError)
  expect(define).toThrow(says)
})

/** As zod, valibot and arktype have it. */
function schemaOf<Output>(validate: (value: unknown) => unknown): StandardSchema<Output> {
  return { '~standard': { version: 1, vendor: 'test', validate: validate as never } }
}

const isPositive = (value: unknown) =>
  (value as { amount: number }).amount > 0
    ? { value }
    : { issues: [{ message: 'must be positive', path: ['amount', { key: 0 }] }] }

const sync = schemaOf<{ amount: number }>(isPositive)
const later = schemaOf<{ amount: number }>(async (value) => {
  await new Promise((resolve) => setImmediate(resolve))
  return isPositive(value)
})

test.each([
  ['a schema', sync],
  ['an asynchronous schema', later],
])('what %s refuses is not enqueued, and the error says what is wrong where', async (_, schema) => {
  await using fp = fencepost(database.url)
  const pay = defineJob({ name: `pay ${_}`, schema, run })
  const refused = fp.enqueue(pay, { amount: -5 })
  await expect(refused).rejects.toThrow(JobPayloadError)
  await expect(refused).rejects.toMatchObject({
    code: 'JOB_PAYLOAD',
    jobName: pay.name,
    issues: [{ message: 'must be positive' }],
    message: `the payload of job "${pay.name}" is refused: amount.0: must be positive`,
  })
  await expect(fp.enqueueMany(pay, [{ amount: 1 }, { amount: -1 }])).rejects.toThrow(JobPayloadError)
  expect(await jobsOf(database.admin, pay.name)).toEqual([])
  expect(await fp.enqueue(pay, { amount: 5 })).toMatchObject({ isNew: true })
  expect(await jobsOf(database.admin, pay.name)).toMatchObject([{ payload: { amount: 5 } }])
})

test('a schema judges what the worker will read: a Date that comes back as a text is refused where it is enqueued', async () => {
  await using fp = fencepost(database.url)
  const wantsDate = schemaOf<{ at: Date }>((value) =>
    (value as { at: unknown }).at instanceof Date ? { value } : { issues: [{ message: 'no date' }] },
  )
  const remind = defineJob({ name: 'remind', schema: wantsDate, run })
  await expect(fp.enqueue(remind, { at: new Date() })).rejects.toThrow('no date')
})

test('the group is made of what the schema puts out, and what is stored is what was put in', async () => {
  await using fp = fencepost(database.url)
  const trims = schemaOf<{ account: string }>((value) => ({
    value: { account: (value as { account: string }).account.trim() },
  }))
  const bill = defineJob({ name: 'bill', schema: trims, group: ({ account }) => `account:${account}`, run })
  await fp.enqueue(bill, { account: ' 7 ' })
  expect(await jobsOf(database.admin, 'bill')).toMatchObject([
    { payload: { account: ' 7 ' }, group_key: 'account:7', is_plain: false },
  ])
  expect(await parsePayload(bill, '{"account":" 7 "}')).toEqual({ account: '7' })
})

test('a worker refuses a stored payload that the schema of today does not want', async () => {
  const pay = defineJob({ name: 'pay', schema: later, run })
  expect(await parsePayload(pay, '{"amount":5}')).toEqual({ amount: 5 })
  await expect(parsePayload(pay, '{"amount":0}')).rejects.toMatchObject({ code: 'JOB_PAYLOAD', jobName: 'pay' })
  expect(await parsePayload(defineJob({ name: 'free', run }), '[1]')).toEqual([1])
})

test('a job without run can be enqueued, and without a payload', async () => {
  await using fp = fencepost(database.url)
  const sweep = defineJob({ name: 'sweep' })
  await fp.enqueue(sweep)
  expect(await jobsOf(database.admin, 'sweep')).toMatchObject([{ payload: null, queue: 'default', attempts: 5 }])
})

test.each<[why: string, payload: unknown]>([
  ['a bigint', { amount: 5n }],
  ['NUL in a text', { text: 'a\0b' }],
  ['half of a pair', { text: '\ud800' }],
  ['NUL in a name', { 'a\0': 1 }],
  ['itself', ((ring: { self?: unknown }) => Object.assign(ring, { self: ring }))({})],
])('a payload with %s is refused before anything is sent', async (_, payload) => {
  await using fp = fencepost('postgres://nobody@127.0.0.1:1/none')
  await expect(fp.enqueue(defineJob({ name: 'any', run }), payload)).rejects.toThrow(JobPayloadError)
})

test('a payload of odd signs comes back as it was', async () => {
  await using fp = fencepost(database.url)
  const payload = { text: `\\u0000 \\\\ud800 "quoted" 🔒 żółć \u2028 $1 ? :name`, deep: [[[{ n: 1.5e-7, no: null }]]] }
  await fp.enqueue(defineJob({ name: 'odd', run }), payload)
  expect(await jobsOf(database.admin, 'odd')).toMatchObject([{ payload }])
})

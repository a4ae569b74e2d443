import { defineJob, fencepost, JobPayloadError, type StandardSchema } from 'fencepost'
import { afterAll, describe, expect, test } from 'vitest'
import { parsePayload } from '../../src/queue/payload.ts'
import { wanting } from '../adapters/clients.ts'
import { cloneDatabase } from '../support/database.ts'
import { jobsOf } from './jobs.ts'

interface Schemas {
  readonly schemas: Readonly<Record<string, StandardSchema<{ amount: string }, { amount: number }>>>
}

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())
// Not looked into by the compiler: what it imports is not always installed.
const file = new URL('../adapters/clients/schemas.js', import.meta.url).href
const { schemas } = wanting === '' ? ((await import(file)) as Schemas) : { schemas: {} }

describe.skipIf(wanting !== '').each(['zod', 'valibot', 'arktype'])('a schema of %s', (vendor) => {
  test('refuses a payload where it is enqueued, and what it lets through is stored as it was and read as it says', async () => {
    await using fp = fencepost(database.url)
    const schema = schemas[vendor]
    if (schema === undefined) throw new Error(`no schema of ${vendor}`)
    const pay = defineJob({ name: vendor, schema })
    await expect(fp.enqueue(pay, { amount: '-5' })).rejects.toThrow(JobPayloadError)
    await expect(fp.enqueue(pay, { amount: '-5' })).rejects.toThrow(/amount: /)
    await fp.enqueue(pay, { amount: '5' })
    expect(await jobsOf(database.admin, vendor)).toMatchObject([{ payload: { amount: '5' } }])
    expect(await parsePayload(pay, '{"amount":"5"}')).toEqual({ amount: 5 })
  })
})

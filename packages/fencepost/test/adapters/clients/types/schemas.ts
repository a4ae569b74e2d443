// Compiled by a test, never run: each validator's schema tells what goes in and what comes out.
import { type } from 'arktype'
import { defineJob, type Fencepost } from 'fencepost'
import * as valibot from 'valibot'
import { z } from 'zod'

declare const fp: Fencepost

const zod = defineJob({
  name: 'zod',
  schema: z.object({ at: z.coerce.date(), amount: z.string().transform(Number) }),
  group: ({ at }) => at.toISOString(),
  run: ({ at, amount }) => at.getTime() + amount,
})
const vali = defineJob({
  name: 'valibot',
  schema: valibot.object({ amount: valibot.pipe(valibot.string(), valibot.transform(Number)) }),
  run: ({ amount }) => amount.toFixed(),
})
const ark = defineJob({
  name: 'arktype',
  schema: type({ amount: 'string.numeric.parse' }),
  run: ({ amount }) => amount.toFixed(),
})

export async function accepted(): Promise<void> {
  await fp.enqueue(zod, { at: '2026-01-01', amount: '5' })
  await fp.enqueue(vali, { amount: '5' })
  await fp.enqueue(ark, { amount: '5' })
}

export async function refused(): Promise<void> {
  // @ts-expect-error -- what goes in is a text
  await fp.enqueue(zod, { at: '2026-01-01', amount: 5 })
  // @ts-expect-error -- the same
  await fp.enqueue(vali, { amount: 5 })
  // @ts-expect-error -- the same
  await fp.enqueue(ark, { amount: 5 })
}

// One schema of each validator that a payload may be judged by: a text that is made a number, as a stored payload is JSON.
import { type } from 'arktype'
import * as valibot from 'valibot'
import { z } from 'zod'

export const schemas = {
  zod: z.object({ amount: z.string().transform(Number).pipe(z.number().positive()) }),
  valibot: valibot.object({
    amount: valibot.pipe(valibot.string(), valibot.transform(Number), valibot.number(), valibot.minValue(1)),
  }),
  arktype: type({ amount: type('string').pipe(Number, type('number > 0')) }),
}

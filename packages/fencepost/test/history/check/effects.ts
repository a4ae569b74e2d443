import { type Call, type Effect, groupBy, type History, type Violation } from '../history.ts'

/** P3, as the server has it: tokens never go back in the order of the writes, and no update of a counter is lost. */
export function checkEffects(history: History): Violation[] {
  const owners = new Map(history.calls.flatMap((call) => call.writes.map(({ id }) => [id, call] as const)))
  const byName = groupBy(history.effects, ({ name }) => name)
  return [
    ...[...byName].flatMap(([name, effects]) => [
      ...checkOrder(effects),
      ...checkCounter(effects, history.counters.get(name) ?? 0),
    ]),
    ...history.effects.flatMap((effect) => checkOwner(effect, owners.get(effect.id))),
  ]
}

function checkOrder(effects: readonly Effect[]): Violation[] {
  const violations: Violation[] = []
  for (const [i, effect] of effects.entries()) {
    const before = effects[i - 1]
    if (before !== undefined && before.token > effect.token)
      violations.push(tell(effect, `token ${effect.token} wrote after ${before.id} with token ${before.token}`))
  }
  return violations
}

/** An exclusive holder reads the counter and writes back one more; a shared one writes down what it read. */
function checkCounter(effects: readonly Effect[], last: number): Violation[] {
  const violations: Violation[] = []
  let n = 0
  for (const effect of effects) {
    const expected = effect.mode === 'exclusive' ? n + 1 : n
    if (effect.n !== expected) violations.push(tell(effect, `it saw ${effect.n}, not ${expected}: an update was lost`))
    if (effect.mode === 'exclusive') n = effect.n
  }
  const [first] = effects
  if (n !== last && first !== undefined) violations.push(tell(first, `the counter stands at ${last}, not ${n}`))
  return violations
}

function checkOwner(effect: Effect, owner: Call | undefined): Violation[] {
  if (owner === undefined) return [tell(effect, 'nobody wrote it')]
  const isOwn = owner.token === effect.token && owner.name === effect.name && owner.mode === effect.mode
  return isOwn ? [] : [tell(effect, `it carries token ${effect.token}, its holder ${owner.id} had ${owner.token}`)]
}

function tell({ name, id }: Effect, what: string): Violation {
  // The id of a write begins with that of its call.
  return { rule: 'P3', message: `${name}: ${id}: ${what}`, calls: [id.replace(/#.*$/, '')] }
}

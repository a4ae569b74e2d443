import type { Mode } from '../history.ts'
import type { Mix } from './mix.ts'
import type { Random } from './random.ts'

/** One call to make, and what to do while it holds. Sent to a worker as it stands. */
export interface Step {
  /** To wait before the call. */
  readonly pauseMs: number
  readonly name: string
  readonly mode: Mode
  readonly op: 'lock' | 'try' | 'again'
  readonly form: 'callback' | 'handle'
  readonly waitMs: number | null
  readonly abortMs: number | null
  readonly acts: readonly Act[]
}

export type Act =
  | { readonly kind: 'hold'; readonly ms: number }
  | { readonly kind: 'inner'; readonly step: Step }
  | {
      readonly kind: 'write'
      readonly form: 'transaction' | 'guard'
      readonly isolation: string
      readonly fault: keyof Mix['fault']
      readonly forMs: number
    }

/** What is done to a process, or with `crash` to the server, so long after the one before. */
export interface Strike {
  readonly afterMs: number
  readonly kind: keyof Mix['chaos']
  readonly process: number
  /** A freeze, or the time to the next life. */
  readonly forMs: number
}

export interface Planned {
  readonly mix: Mix
  readonly freezeMs: number
}

const LONGEST_LIMIT_MS = 1500
const MOST_ACTS = 3
const DEEPEST = 2

/** What one caller does, for as long as anybody asks: decisions come from `random` alone. */
export function* planSteps(random: Random, planned: Planned): Generator<Step, never> {
  for (;;) yield planStep(random, planned, [])
}

/** What goes wrong from outside, on average every `everyMs`. */
export function* planStrikes(
  random: Random,
  planned: Planned,
  shape: { processes: number; everyMs: number },
): Generator<Strike, never> {
  const { processes, everyMs } = shape
  for (;;) {
    const kind = random.pick(planned.mix.chaos)
    const afterMs = random.between(everyMs / 2, (everyMs * 3) / 2)
    yield { afterMs, kind, process: random.between(1, processes), forMs: lengthOf(kind, random, planned.freezeMs) }
  }
}

function planStep(random: Random, planned: Planned, outer: readonly Step[]): Step {
  const { mix } = planned
  const limit = random.pick(mix.limit)
  // Mostly about as long as a hand-over takes, sometimes as long as several slices of a wait.
  const limitMs = random.next() < 0.7 ? random.between(0, 30) : random.between(30, LONGEST_LIMIT_MS)
  const step = {
    pauseMs: outer.length > 0 || random.next() < 0.5 ? 0 : random.between(0, 60),
    name: random.pick(mix.name),
    mode: random.pick(mix.mode),
    op: random.pick(mix.op),
    form: random.pick(mix.form),
    waitMs: limit === 'wait' ? limitMs : null,
    abortMs: limit === 'abort' ? limitMs : null,
  }
  return { ...step, acts: planActs(random, planned, [...outer, { ...step, acts: [] }]) }
}

function planActs(random: Random, planned: Planned, held: readonly Step[]): Act[] {
  const acts: Act[] = []
  for (let left = random.between(1, MOST_ACTS); left > 0; left--) {
    const kind = random.pick(planned.mix.act)
    if (kind === 'hold') acts.push({ kind, ms: random.next() < 0.95 ? random.between(0, 5) : random.between(20, 100) })
    else if (kind === 'write') acts.push(planWrite(random, planned))
    else if (held.length < DEEPEST) acts.push(...planInner(random, planned, held, kind))
  }
  return acts
}

function planWrite(random: Random, { mix, freezeMs }: Planned): Act {
  return {
    kind: 'write',
    form: random.pick(mix.write),
    isolation: random.pick(mix.isolation),
    fault: random.pick(mix.fault),
    forMs: lengthOf('freeze', random, freezeMs),
  }
}

/** Nested: the name again, another one that comes later than all held (no ring can come of it), or any other one. */
function planInner(
  random: Random,
  planned: Planned,
  held: readonly Step[],
  kind: 'again' | 'other' | 'crossed',
): Act[] {
  const inner = planStep(random, planned, held)
  const [{ name, mode, form } = inner] = held.slice(-1)
  if (kind === 'again') {
    if (form !== 'callback') return []
    return [{ kind: 'inner', step: { ...inner, name, mode, form, op: 'again', waitMs: null, abortMs: null } }]
  }
  const isLater = held.every((step) => step.name < inner.name)
  const isOther = held.every((step) => step.name !== inner.name)
  if (!(kind === 'other' ? isLater : isOther)) return []
  // Rings are found through callbacks only: who waits while it holds a handle has to give up by itself.
  const waitMs = form === 'handle' && inner.op === 'lock' ? (inner.waitMs ?? LONGEST_LIMIT_MS) : inner.waitMs
  return [{ kind: 'inner', step: { ...inner, waitMs } }]
}

function lengthOf(kind: Strike['kind'], random: Random, freezeMs: number): number {
  if (kind === 'freeze') return random.between(freezeMs * 1.2, freezeMs * 2.5)
  return kind === 'nap' ? random.between(10, freezeMs / 4) : random.between(50, 1000)
}

import { percentile } from '../report/figures.js'
import { describeLockers } from '../peers/settings.js'
import { interleave } from './interleave.js'

const ROUNDS = { full: 15, quick: 5 }
const WARM_UPS = { full: 3, quick: 3, brief: 1 }
const ROUND_MS = { full: 1500, quick: 800 }
const HOLD_MS = 5

/** @type {import('../suites.js').Work} One hot name, held by two processes by turns: from the call of release to the grant. */
export const handover = {
  name: 'handover',
  subjects: ['fencepost', 'raw pg', 'redlock'],
  targets: [
    { work: 'handover', per: { subject: 'raw pg' }, atMost: 2.5 },
    { work: 'handover', per: { subject: 'redlock' }, atMost: 1 / 20 },
  ],
  notes: describeLockers,
  measure: (site, subjects) =>
    interleave(site, subjects, {
      work: 'handover',
      unit: 'ms',
      rounds: site.rounds(ROUNDS),
      warmUps: site.pick(WARM_UPS),
      processes: 2,
      round: (processes) => alternate(processes, site.pick(ROUND_MS)),
    }),
}

/**
 * The median of the hand-overs there are in `ms`. Each process calls for the lock when it hears that the other has it,
 * and the other lets go a little later.
 *
 * @param {import('../processes/contender.js').Contender[]} processes
 * @param {number} ms
 */
async function alternate([first, second], ms) {
  if (first === undefined || second === undefined) throw new Error('two processes are needed')
  let [holder, waiter] = [first, second]
  const latencies = []
  const from = performance.now()
  await holder.call('take', HOLD_MS)
  while (performance.now() - from < ms || latencies.length === 0) {
    const [granted, releasedAt] = await Promise.all([waiter.call('take', HOLD_MS), holder.call('letGo')])
    // Late to the line, it has not waited.
    if (granted.calledAt < releasedAt) latencies.push(granted.grantedAt - releasedAt)
    ;[holder, waiter] = [waiter, holder]
  }
  await holder.call('letGo')
  return percentile(latencies, 0.5)
}

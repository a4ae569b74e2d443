import { figureOf, percentile } from '../../report/figures.js'
import { show } from '../../report/show.js'
import { CONCURRENCY, GRAPHILE, notesOn } from './subjects.js'

const UNIT = 'ms'
const ROUNDS = { full: 5, quick: 5 }
const JOBS = { full: 1000, quick: 100, brief: 60 }
/** Of each round, for who polls. */
const LIMIT_MS = { full: 20_000, quick: 800 }

/** @type {import('../../suites.js').Work} From the call that enqueues a job to its handler, where the worker is idle. */
export const latency = {
  name: 'latency',
  subjects: ['fencepost', ...GRAPHILE, 'pg-boss', 'pg-boss batch', 'bullmq', 'bullmq always'],
  targets: [
    { work: 'latency', per: { subject: GRAPHILE }, atMost: 0.8 },
    { work: 'latency: p99', atMost: 10 },
  ],
  notes: notesOn,
  measure: async (site, subjects) => {
    const rounds = site.rounds(ROUNDS)
    const how = { count: Math.ceil(site.pick(JOBS) / rounds), concurrency: CONCURRENCY, limitMs: site.pick(LIMIT_MS) }
    const sides = []
    for (const subject of subjects)
      sides.push({ subject, processes: await site.start(subject, 1, 'queue'), values: /** @type {number[]} */ ([]) })
    try {
      for (let i = 1; i <= rounds; i++) {
        for (const { processes, values } of sides) values.push(...(await processes[0]?.call('latencies', how)))
        const line = sides.map(({ subject, values }) => `${subject} ${show(percentile(values, 0.5))}`)
        site.say(`latency, round ${i} of ${rounds}: ${line.join(', ')} ${UNIT}`)
      }
    } finally {
      await Promise.all(sides.flatMap(({ processes }) => processes).map((process) => process.end()))
    }
    return [
      ...sides.map(({ subject, values }) => figureOf({ work: 'latency', subject, unit: UNIT }, values)),
      ...sides.map(({ subject, values }) =>
        figureOf({ work: 'latency: p99', subject, unit: UNIT }, [percentile(values, 0.99)]),
      ),
    ]
  },
}

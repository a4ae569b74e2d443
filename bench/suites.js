import { guard } from './works/guard.js'
import { handover } from './works/handover.js'
import { horizon } from './works/horizon.js'
import { lock1 } from './works/lock-1.js'
import { lock200 } from './works/lock-200.js'
import { protect } from './works/protect.js'
import { drain } from './works/queue/drain.js'
import { enqueue10, enqueue500 } from './works/queue/enqueue.js'
import { queueHorizon } from './works/queue/horizon.js'
import { latency } from './works/queue/latency.js'
import { rescue } from './works/queue/rescue.js'
import { takeover } from './works/takeover.js'
import { waiters } from './works/waiters.js'

/**
 * A work measures its subjects; what it may use is in `Site`.
 *
 * @typedef {object} Work
 * @property {string} name
 * @property {Subject[]} subjects fencepost first
 * @property {Target[]} targets
 * @property {(subjects: Subject[]) => string[]} [notes] what to print below the figures of these
 * @property {(site: import('./site.js').Site, subjects: Subject[]) => Promise<Figure[]>} measure
 *
 * One line of the result.
 * @typedef {{ work: string, subject: Subject, median: number, min: number, max: number, unit: string }} Figure
 *
 * What the median of fencepost in `work` should come to, by itself or divided by that of a peer, of the best of several, or of another work.
 * @typedef {{ work: string, per?: { work?: string, subject?: Subject | Subject[] }, atLeast?: number, atMost?: number }} Target
 *
 * @typedef {import('./peers/locker.js').Subject} Subject
 */

/**
 * What is measured together, each work in the order in which it is.
 *
 * @type {Record<string, { about: string, works: Work[] }>}
 */
export const suites = {
  locks: {
    about: 'locks beside their peers',
    works: [lock1, lock200, handover, waiters, takeover, horizon],
  },
  fence: {
    about: 'guarded transactions beside plain ones',
    works: [guard, protect],
  },
  queue: {
    about: 'jobs beside their peers',
    works: [drain, enqueue10, enqueue500, latency, queueHorizon, rescue],
  },
}

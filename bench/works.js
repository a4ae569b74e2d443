import { handover } from './works/handover.js'
import { horizon } from './works/horizon.js'
import { lock1 } from './works/lock-1.js'
import { lock200 } from './works/lock-200.js'
import { takeover } from './works/takeover.js'
import { waiters } from './works/waiters.js'

/**
 * A work measures its subjects; what it may use is in `Site`.
 *
 * @typedef {object} Work
 * @property {string} name
 * @property {Subject[]} subjects fencepost first
 * @property {Target[]} targets
 * @property {(site: import('./site.js').Site, subjects: Subject[]) => Promise<Figure[]>} measure
 *
 * One line of the result.
 * @typedef {{ work: string, subject: Subject, median: number, min: number, max: number, unit: string }} Figure
 *
 * What the median of fencepost in `work` should come to, by itself or divided by that of a peer or of another work.
 * @typedef {{ work: string, per?: { work?: string, subject?: Subject }, atLeast?: number, atMost?: number }} Target
 *
 * @typedef {import('./peers/locker.js').Subject} Subject
 */

/** @type {Work[]} in the order in which they are measured */
export const works = [lock1, lock200, handover, waiters, takeover, horizon]

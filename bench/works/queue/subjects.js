import { describeSettings } from '../../queues/settings.js'

/** @typedef {import('../../suites.js').Subject} Subject */

/** @type {Subject[]} */
export const GRAPHILE = ['graphile-worker', 'graphile-worker local', 'graphile-worker batch']
/** @type {Subject[]} */
export const BULLMQ = ['bullmq', 'bullmq always']

/** Of what has one way to enqueue, whatever its workers are told. @type {Subject[]} */
export const ENQUEUERS = ['fencepost', 'raw', 'graphile-worker', 'pg-boss', ...BULLMQ]

/** How many jobs a worker runs at once. */
export const CONCURRENCY = 24

const NODE_WANTED = 22
const IS_OLD = Number(process.versions.node.split('.')[0]) < NODE_WANTED
const OLD_NODE = `graphile-worker and pg-boss ask for Node ${NODE_WANTED}; they were measured on ${process.versions.node}`

/** How those that are measured are set. @param {Subject[]} subjects */
export function notesOn(subjects) {
  const onOld = IS_OLD && subjects.some((subject) => subject.startsWith('graphile') || subject.startsWith('pg-boss'))
  return [...describeSettings(subjects), ...(onOld ? [OLD_NODE] : [])]
}

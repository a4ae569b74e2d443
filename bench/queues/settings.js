/**
 * What each subject of the queues is told besides where the server is and how many jobs to run at once; as it is printed, so it is used.
 *
 * @satisfies {Record<string, Record<string, unknown>>}
 */
export const settings = {
  fencepost: {},
  raw: { claim: 500, connections: 2 },
  'graphile-worker': {},
  // What its documentation names as the size to begin with: one more than run at once.
  'graphile-worker local': { localQueue: { size: 500 }, maxPoolSize: 25 },
  // As the performance test in its repository.
  'graphile-worker batch': {
    maxPoolSize: 25,
    localQueue: { size: 500, refetchDelay: { durationMs: 10 } },
    completeJobBatchDelay: 0,
    failJobBatchDelay: 0,
  },
  'pg-boss': { instance: {}, queue: {}, work: { localConcurrency: 24 } },
  'pg-boss batch': {
    instance: { useListenNotify: true },
    queue: { notify: true },
    work: { batchSize: 500, localConcurrency: 2, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 },
  },
  // Without an end to what is kept of jobs that are done, the server only grows.
  bullmq: { redis: [], jobs: { removeOnComplete: true, removeOnFail: true } },
  'bullmq always': {
    redis: ['--appendonly', 'yes', '--appendfsync', 'always'],
    jobs: { removeOnComplete: true, removeOnFail: true },
  },
}

/** @param {string[]} subjects */
export function describeSettings(subjects) {
  const told = Object.entries(settings).filter(([subject]) => subjects.includes(subject))
  return told.map(([subject, values]) => `settings of ${subject}: ${describe(values)}`)
}

/** @param {Record<string, unknown>} values */
function describe(values) {
  return Object.keys(values).length === 0 ? 'default' : JSON.stringify(values)
}

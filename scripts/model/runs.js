/**
 * What is explored: each model with what is switched on in it, and the mutants in which spin must find a violation.
 * A mutant is a `-D` of the model, and stands with the smallest configuration that shows it.
 *
 * @typedef {{ name: string, file: string, flags: string[], mutants: string[] }} Model
 */

/** @type {Model[]} */
export const RUNS = [
  {
    name: 'exclusive',
    file: 'fence.pml',
    flags: ['GUARDED=2'],
    mutants: [
      'GUARD_READS_FIRST',
      'GATE_FOR_STATEMENT',
      'GATE_BEFORE_KEY',
      'DRAW_FIRST',
      'NO_SESSION_KEY',
      'TOKEN_KEY_ALONE',
    ],
  },
  { name: 'exclusive, three sessions', file: 'fence.pml', flags: ['SESSIONS=3', 'ROUNDS=1', 'CANCEL'], mutants: [] },
  { name: "in the caller's transaction", file: 'fence.pml', flags: ['CALLER'], mutants: ['ROLLBACK_UNDOES_DRAW'] },
  {
    name: 'transaction form',
    file: 'fence.pml',
    flags: ['IN_TRANSACTION', 'OTHERS_ROUNDS=1'],
    mutants: ['TOKEN_KEY_ALONE'],
  },
  {
    name: 'crash',
    file: 'fence.pml',
    flags: ['CRASHES=1', 'PREPARE', 'OTHERS_ROUNDS=1'],
    mutants: ['NO_EPOCH', 'PREPARED_LOSES_GATE'],
  },
  {
    name: 'shared',
    file: 'fence.pml',
    flags: ['SHARED', 'OTHERS_ROUNDS=1'],
    mutants: ['NO_MUTEX', 'ONE_LOOK', 'SHARED_TOKEN_KEY_ALONE', 'SHARED_DRAWS_NONE', 'GATE_OPENS_EARLY'],
  },
  {
    name: 'shared, three sessions',
    file: 'fence.pml',
    flags: ['SHARED', 'SESSIONS=3', 'ROUNDS=1', 'DEATHS=0'],
    mutants: [],
  },
  {
    name: 'shared, cancelled',
    file: 'fence.pml',
    flags: ['SHARED', 'CANCEL', 'DEATHS=0'],
    mutants: ['FORGET_NEEDS_KEY'],
  },
  {
    name: 'garbage collection',
    file: 'fence.pml',
    flags: ['SHARED', 'COLLECT', 'OTHERS_ROUNDS=1', 'DEATHS=0'],
    mutants: ['GC_ANY', 'GC_NO_LOCK'],
  },
  {
    name: 'evict',
    file: 'fence.pml',
    flags: ['EVICT', 'DEATHS=0'],
    mutants: ['EVICT_WITHOUT_COMPARE', 'EVICT_OPENS_EARLY'],
  },
  {
    name: 'evict, shared',
    file: 'fence.pml',
    flags: ['EVICT', 'SHARED', 'OTHERS_ROUNDS=1', 'DEATHS=0'],
    mutants: ['EVICT_WITHOUT_MUTEX'],
  },
  {
    name: 'epoch',
    file: 'epoch.pml',
    flags: [],
    mutants: ['NO_EPOCH', 'EARLY_EPOCH', 'NOT_ON_DISK', 'SEQUENCE_TELLS'],
  },
  { name: 'epoch, promotions', file: 'epoch.pml', flags: ['PROMOTIONS'], mutants: ['NO_TIMELINE'] },
  { name: 'epoch, rolled back', file: 'epoch.pml', flags: ['CALLER', 'SESSIONS=1'], mutants: ['CALLER_RAISES'] },
  {
    name: 'line',
    file: 'line.pml',
    flags: ['PASSERS'],
    mutants: ['CALLS_FIRST', 'LOOKS_BEFORE_COMMIT', 'LINE_KEY_NOT_HELD'],
  },
  { name: 'line, deaths', file: 'line.pml', flags: ['DEATHS=1'], mutants: ['DEAD_COUNT'] },
  {
    name: 'line, deaths and tries',
    file: 'line.pml',
    flags: ['WAITERS=2', 'PASSERS', 'DEATHS=1'],
    mutants: ['TRY_LOOKS_AT_ROWS'],
  },
]

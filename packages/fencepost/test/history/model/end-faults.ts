import { change, quietGrants } from './seed.ts'
import type { SeededFault } from './seeded-faults.ts'

/** Of calls and what they leave behind. */
export const endFaults: readonly SeededFault[] = [
  {
    what: 'a ticket that nobody waits with',
    rule: 'orphan',
    says: /a ticket is left/,
    seed: ({ leftovers }) => leftovers.tickets.push('{"ticket":1}') > 0,
  },
  {
    what: 'a lock of nobody',
    rule: 'orphan',
    says: /a lock is left/,
    seed: ({ leftovers }) => leftovers.locks.push('key 1') > 0,
  },
  {
    what: 'a call that never ends',
    rule: 'liveness',
    says: /still waits at the end/,
    seed: (history) =>
      change(
        quietGrants(history).findLast(({ life }) => !history.deaths.has(life)),
        (call) => Object.assign(call, { grantedAt: null, token: null, releaseAt: null, releasedAt: null }),
      ),
  },
  {
    what: 'a grant long after the name was free',
    rule: 'liveness',
    says: /after the name had become free/,
    seed: (history) => {
      const last = quietGrants(history).at(-1)
      return change(last, (call) => {
        const lateMs = 60_000
        for (const instant of ['grantedAt', 'releaseAt', 'releasedAt'] as const)
          call[instant] = (call[instant] ?? 0) + lateMs
        history.endedAt += lateMs
      })
    },
  },
  {
    what: 'a wait that ends long after its limit',
    rule: 'liveness',
    says: /gave up \d+ ms late/,
    seed: (history) => {
      const call = history.calls.find(({ refusal }) => refusal !== null)
      return change(call, (late) => {
        late.refusal = { at: late.calledAt + 60_000, code: 'LOCK_TIMEOUT', message: 'late' }
        history.faults.length = 0
      })
    },
  },
  {
    what: 'a call that fails for no reason',
    rule: 'error',
    says: /failed with XX000/,
    seed: (history) => {
      history.faults.length = 0
      return change(
        history.calls.find(({ refusal }) => refusal !== null),
        (call) => {
          call.refusal = { at: call.calledAt + 1, code: 'XX000', message: 'internal error' }
        },
      )
    },
  },
  {
    what: 'a process that ends by itself',
    rule: 'error',
    says: /ended by itself/,
    seed: ({ collapses }) => collapses.push({ life: '1.1', said: 'unhandled' }) > 0,
  },
  {
    what: 'a release that throws',
    rule: 'P8',
    says: /failed after it had been granted/,
    seed: (history) =>
      change(
        quietGrants(history)[0],
        (call) => (call.refusal = { at: call.grantedAt + 9, code: 'XX000', message: '' }),
      ),
  },
  {
    what: 'a deadlock without a ring',
    rule: 'error',
    says: /a deadlock that there was not/,
    seed: (history) =>
      change(
        history.calls.find(({ refusal }) => refusal !== null),
        (call) => (call.refusal = { at: call.calledAt + 20, code: 'DEADLOCK', message: '' }),
      ),
  },
]

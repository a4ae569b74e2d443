import { fencepost, LockLostError, StaleTokenError, TransactionLostError } from 'fencepost'
import { openPool } from '../../servers/ledger.ts'
import { type Contender, TTL_MS } from '../contender.ts'

/** idle_in_transaction_session_timeout */
const IDLE_IN_TRANSACTION = '25P03'

/** Of the second and third the server has ended the session or the transaction, so nothing of it is left. */
const REFUSALS = [StaleTokenError, LockLostError, TransactionLostError]
const isRefusal = (error: Error) => REFUSALS.some((kind) => error instanceof kind)

export const fencepostSession: Contender = {
  name: 'fencepost',
  about: 'fp.lock, the payout in lock.transaction; lock.signal is not looked at: the database has to do',
  isFenced: true,
  isSession: true,
  settings: { freezeTimeout: `${TTL_MS} ms` },
  prepare: ({ postgres }) => migrate(postgres),
  async open({ postgres, application, ttlMs }) {
    const fp = fencepost(postgres, { application, migrate: 'off', freezeTimeout: `${ttlMs}ms` })
    return {
      hold: (name, work) =>
        fp.lock(name, (lock) =>
          work({ token: lock.token, isRefusal, transaction: (pay) => lock.transaction((tx) => pay(tx)) }),
        ),
      close: () => fp.close(),
    }
  },
}

export const fencepostTransaction: Contender = {
  name: 'fencepost-transaction',
  about: 'fp.lockInTransaction: the lock taken inside the transaction of a pg client that pays, held to its end',
  isFenced: true,
  isSession: true,
  settings: { freezeTimeout: `${TTL_MS} ms` },
  prepare: ({ postgres }) => migrate(postgres),
  async open({ postgres, application, ttlMs }) {
    const pool = openPool(postgres, application)
    const fp = fencepost(pool, { application, migrate: 'off', freezeTimeout: `${ttlMs}ms` })
    return {
      async hold(name, work) {
        const client = await pool.connect()
        let isLost = false
        client.on('error', () => (isLost = true))
        try {
          await client.query('begin')
          const token = await fp.lockInTransaction(client, name)
          await work({
            token,
            // The server has ended the transaction, so nothing of it is left.
            isRefusal: (error) => isLost || (error as { code?: string }).code === IDLE_IN_TRANSACTION,
            transaction: async (pay) => {
              await pay(client)
              await client.query('commit')
            },
          })
        } finally {
          // Also after a commit, so that no state is left to the next one.
          client.release(true)
        }
      },
      close: async () => {
        await fp.close()
        await pool.end()
      },
    }
  },
}

async function migrate(url: string): Promise<void> {
  await using fp = fencepost(url)
  await fp.migrate()
}

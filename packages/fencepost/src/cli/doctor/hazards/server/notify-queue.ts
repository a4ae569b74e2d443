import type { Hazard } from '../../hazard.ts'
import { SESSION_COLUMNS, type SessionFacts, sessionText, terminate } from '../../words/session-words.ts'

interface Facts {
  readonly usage: number
  /** The oldest transaction of all databases: what keeps notifications is one that listens and does not end. */
  readonly oldest: SessionFacts | null
}

const SQL = `
  select pg_notification_queue_usage() as usage,
    (
      select json_build_object('backend', backend, 'application', application, 'role', role, 'host', host)
      from (
        select ${SESSION_COLUMNS} from pg_stat_activity as activity
        where xact_start is not null and backend_type = 'client backend' and pid <> pg_backend_pid()
        order by xact_start limit 1
      ) as session
    ) as oldest`
const [WARN, FULL] = [0.1, 0.5]

export const notifyQueue: Hazard<Facts> = {
  id: 'notify-queue',
  applies: ({ isStandby }) => !isStandby,
  async collect(look) {
    const [row] = await look.ask<Facts>(SQL)
    return row ?? { usage: 0, oldest: null }
  },

  judge({ usage, oldest }) {
    const share = `${(usage * 100).toFixed(usage < 0.01 ? 1 : 0)} %`
    if (usage < WARN) return { level: 'fine', what: `the queue of NOTIFY is ${share} full` }
    const suspect = oldest === null ? '' : `; the oldest open one is of ${sessionText(oldest)}`
    return {
      level: usage < FULL ? 'warning' : 'danger',
      what: `the queue of NOTIFY is ${share} full, held by a transaction of somebody who listens${suspect}: once it is full, every commit that notifies fails`,
      mend: oldest === null ? 'end the transaction that the server’s log names' : terminate(oldest),
    }
  },
}

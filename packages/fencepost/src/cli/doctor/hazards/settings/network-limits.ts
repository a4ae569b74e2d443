import type { Hazard } from '../../hazard.ts'

interface Facts {
  readonly refused: readonly string[]
  readonly isTcp: boolean
}

// As sessions of ours set them, with what is weaker without. A host may fix one, and a platform may lack one.
const NEEDED: readonly [name: string, value: string, without: string, since?: number][] = [
  ['tcp_keepalives_idle', '5', 'a lost network'],
  ['tcp_keepalives_interval', '2', 'a lost network'],
  ['tcp_keepalives_count', '3', 'a lost network'],
  ['tcp_user_timeout', '5000', 'a lost network while data is in flight'],
  ['client_connection_check_interval', '1000', 'a client that is killed while it waits', 140000],
  ['idle_session_timeout', '60000', 'a frozen process', 140000],
  ['idle_in_transaction_session_timeout', '60000', 'a frozen process in a guarded transaction'],
]

export const networkLimits: Hazard<Facts> = {
  id: 'network-limits',
  async collect(look, { version, isTcp }) {
    const refused: string[] = []
    for (const [name, value, , since = 0] of NEEDED) {
      // Local: undone at the end of the transaction, also behind a pooler.
      const trial = `select current_setting('${name}') is not null, set_config('${name}', '${value}', true)`
      if (version >= since) await look.ask(trial).catch(() => refused.push(name))
    }
    return { refused, isTcp }
  },

  judge({ refused, isTcp }) {
    if (refused.length > 0) {
      const late = NEEDED.filter(([name]) => refused.includes(name)).map(([, , without]) => without)
      return {
        level: 'warning',
        what: `${refused.join(', ')} cannot be set here: ${[...new Set(late)].join(', ')} is noticed late or not at all (P4)`,
        mend: `ask the host to let the role set ${refused.join(', ')}, or set them for the whole server`,
      }
    }
    const how = isTcp
      ? 'keepalives, tcp_user_timeout and the others'
      : 'all limits (over a Unix socket no network is lost)'
    return { level: 'fine', what: `${how} can be set: lost and frozen clients are noticed` }
  },
}

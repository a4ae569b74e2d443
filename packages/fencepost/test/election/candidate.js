// A process that wants to lead, and while it does, writes as fast as it can, under the term it has. It does not look at its signal before it
// writes: nothing but the fence keeps it from writing when it leads no longer. Plain JavaScript: it runs as it stands.
import { fencepost } from 'fencepost'

const [url, life, options] = JSON.parse(process.argv[2])
const PAUSE_MS = 5
const fp = fencepost(url, { ...options, application: `candidate ${life}` })
const now = () => Number(process.hrtime.bigint() / 1000n) / 1000
const tell = (message) => process.connected && process.send(message)
const stop = new AbortController()

process.on('message', () => stop.abort())
process.on('disconnect', () => process.exit())

const write = ({ term }) => [term, life]

async function serve(term) {
  tell({ elected: term.term, at: now() })
  for (;;) {
    const isOver = term.signal.aborted
    try {
      await term.transaction(
        async (tx) =>
          await tx.query(
            'insert into writes (term, life, xid, seen) values ($1, $2, pg_current_xact_id(), pg_current_snapshot())',
            write(term),
          ),
      )
      if (stop.signal.aborted) return
    } catch (error) {
      tell({ refused: term.term, code: error.code })
      if (isOver) return
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
}

tell({ ready: true })
await fp.lead('leader', serve, { signal: stop.signal })
await fp.close()
process.disconnect?.()

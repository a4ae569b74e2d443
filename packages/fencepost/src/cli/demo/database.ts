import { CommandError, ExitCode } from '../exit-code.ts'
import { loadDevPostgres } from '../load-dev-postgres.ts'
import type { Talk } from './talk.ts'

/** Where the demo runs, and how to give it back. */
export interface Database extends AsyncDisposable {
  readonly url: string
  readonly throwAway: boolean
}

/** DATABASE_URL, or a PostgreSQL of the demo's own. */
export async function openDatabase(talk: Talk): Promise<Database> {
  const url = process.env['DATABASE_URL']
  if (url) {
    talk.line(`uses DATABASE_URL, ${placeOf(url)}`)
    return { url, throwAway: false, [Symbol.asyncDispose]: async () => {} }
  }
  talk.line('starts a PostgreSQL of its own')
  const { startPostgres } = await loadDevPostgres('the demo needs a database', 'set DATABASE_URL')
  try {
    const server = await startPostgres()
    talk.line(`PostgreSQL ${server.version} runs on 127.0.0.1:${server.port}`)
    return { url: server.url, throwAway: true, [Symbol.asyncDispose]: () => server.stop() }
  } catch (error) {
    const why = `cannot start a PostgreSQL of its own, set DATABASE_URL to use yours: ${(error as Error).message}`
    throw new CommandError(why, ExitCode.unreachable, { cause: error })
  }
}

/** Host and database; of what is no URL nothing is shown, it may hold a password. The library refuses it. */
function placeOf(url: string): string {
  if (!/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url)) return 'which is no postgres:// URL'
  const { host, pathname } = new URL(url)
  // Of a password with a slash it makes a path.
  if (pathname.includes('@')) return 'whose password is not percent-encoded'
  return `${host || 'the local socket'}${pathname}`
}

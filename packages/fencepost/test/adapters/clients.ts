import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { AnyTransaction, Lock } from 'fencepost'

/** As clients/open-client.js has it. */
export interface OpenClient {
  transaction(work: (tx: AnyTransaction, run: (text: string) => Promise<unknown>) => unknown): Promise<unknown>
  readonly outside: readonly Parameters<Lock['guard']>[0][]
  readonly pools?: readonly Parameters<Lock['guard']>[0][]
  close(): Promise<unknown>
}

interface Opener {
  readonly CLIENTS: readonly string[]
  openClient(client: string, url: string): Promise<OpenClient>
}

const FOLDER = new URL('clients/', import.meta.url)
const { stdout } = await promisify(execFile)(process.execPath, [new URL('install.js', FOLDER).pathname])

/** Why the clients are not installed; empty if they are. */
export const wanting = stdout
  .split('\n')
  .filter((line) => line.includes(' ended with ') || line.includes('could not'))
  .join()
if (wanting !== '') console.warn(`skipped: the adapters on their real libraries: ${wanting}`)

// Not looked into by the compiler: what it imports is not always installed.
const opener = (await import(new URL('open-client.js', FOLDER).href)) as Opener
export const CLIENTS = opener.CLIENTS
export const openClient = (client: string, url: string) => opener.openClient(client, url)

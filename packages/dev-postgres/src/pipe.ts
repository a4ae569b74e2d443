import { Socket } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import { PostgresStartError } from './errors.ts'

/** A child's pipe is a socket, which the types hide and which alone can be unreferenced. */
export function pipe(stream: Readable | Writable | null | undefined): Socket {
  if (stream instanceof Socket) return stream
  throw new PostgresStartError('no pipe to a new process could be opened: are there too many open files (ulimit -n)?')
}

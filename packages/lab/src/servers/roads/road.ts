import type { Endpoints } from '../endpoints.ts'

/** The way from the holder to all servers, which can be cut: what is sent then vanishes, and nobody is told. */
export interface Road {
  readonly kind: 'network namespace' | 'proxies'
  /** For the servers to listen on. */
  readonly host: string
  /** What the holder's program is started by; empty: as any other. */
  readonly inside: readonly string[]
  /** Where the holder finds the servers. */
  lead(endpoints: Endpoints): Promise<Endpoints>
  cut(): Promise<void>
  heal(): Promise<void>
  close(): Promise<void>
}

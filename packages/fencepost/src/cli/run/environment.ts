import { MARK } from './watchdog.ts'

/** What a program is told of the lock it runs under. */
export interface Told {
  readonly name: string
  readonly token: number
  /** Its number; null for a lock. */
  readonly permit: number | null
  readonly pgOptions: string
  readonly mark: string
  readonly idempotencyKey: string | null
}

const FENCES = /-c *fencepost\.fences=\{([-\d,]*)\}/g

/** The environment of a program under a lock: the one we have, and the fence in `PGOPTIONS` for everything built on libpq. */
export function environmentOf(told: Told, inherited: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { name, token, permit, pgOptions, mark, idempotencyKey } = told
  return {
    ...inherited,
    FENCEPOST_NAME: name,
    FENCEPOST_TOKEN: String(token),
    ...(permit === null ? {} : { FENCEPOST_PERMIT: String(permit) }),
    ...(idempotencyKey === null ? {} : { FENCEPOST_IDEMPOTENCY_KEY: idempotencyKey }),
    PGOPTIONS: withFence(inherited['PGOPTIONS'] ?? '', pgOptions),
    [MARK]: mark,
  }
}

/** A setting that is given twice counts once, so the fences of a run around this one go into the same list. */
function withFence(options: string, fence: string): string {
  const outer = [...options.matchAll(FENCES)].map(([, numbers]) => `${numbers},`).join('')
  return `${options.replaceAll(FENCES, '')} ${fence.replace('={', `={${outer}`)}`.trim()
}

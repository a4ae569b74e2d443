import type { ScheduleRecord, TickRunner } from '../../index.ts'
import { CommandError, ExitCode } from '../exit-code.ts'
import { age } from '../show/age.ts'
import { visible } from '../show/visible.ts'

/** `reports@web-1, pid 7`; null while nobody has begun it. */
export function runnerText(runner: TickRunner | null): string | null {
  return runner === null ? null : `${runner.application || 'unnamed'}@${runner.host}, pid ${runner.process}`
}

/** In how long it is due, by the clock here; null if there is none to come, or no process has told when. */
export function nextText({ pausedAt, nextAt }: ScheduleRecord, now: number): string | null {
  if (pausedAt !== null) return 'paused'
  if (nextAt === null) return null
  const ms = nextAt.getTime() - now
  return ms < 0 ? `overdue ${age(-ms)}` : `in ${age(ms)}`
}

/** `2026-11-30T02:00:00Z`. */
export function instant(at: Date): string {
  return at.toISOString().replace('.000Z', 'Z')
}

export function noSuchSchedule(name: string): CommandError {
  return new CommandError(`there is no schedule "${visible(name)}": npx fencepost cron lists them`, ExitCode.nobody)
}

import type { Fault } from './fault.ts'
import { block } from './process/block.ts'
import { freeze } from './process/freeze.ts'
import { kill } from './process/kill.ts'
import { nothing } from './process/nothing.ts'
import { clocks } from './server/clock.ts'
import { partition } from './server/partition.ts'
import { promotion } from './server/promotion.ts'
import { redisRestart } from './server/redis-restart.ts'
import { serverCrash } from './server/server-crash.ts'
import { terminate } from './server/terminate.ts'

/** In the order of the report. */
export const FAULTS: readonly Fault[] = [
  nothing,
  freeze,
  block,
  kill,
  terminate,
  ...clocks,
  redisRestart,
  serverCrash,
  partition,
  promotion,
]

import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../../support/database.ts'
import { eventually } from '../../support/eventually.ts'
import { isAlive } from '../../support/processes.ts'
import { PSQL } from '../../support/psql.ts'
import { HAS_TERMINALS, Terminal } from './terminal.ts'

const database = await cloneDatabase()
const fp = fencepost(database.url)
afterAll(async () => {
  await fp.close()
  await database[Symbol.asyncDispose]()
})

const LISTENS = `node -e '
  let count = 0
  process.on("SIGINT", () => console.log("interrupts", ++count))
  process.stdin.on("data", (line) => process.exit(Number(line)))
  require("fs").openSync("/dev/tty")
  console.log("terminal", process.stdin.isTTY && process.stdout.isTTY && process.stderr.isTTY)'`

/** The number a line of the screen tells. */
async function numberAfter(terminal: Terminal, word: string): Promise<number> {
  await terminal.shows(word)
  return await eventually(async () => Number(new RegExp(`${word} (\\d+)\\r`).exec(terminal.screen)?.[1]))
}

test.skipIf(!HAS_TERMINALS)('a program has the terminal, and ^C reaches it once', async () => {
  await using terminal = await Terminal.open(database.url)
  terminal.type(`run shell -- ${LISTENS}; echo code $?\n`)
  await terminal.shows('terminal true')
  terminal.type('\x03')
  await terminal.shows('interrupts 1')
  terminal.type('9\n')
  await terminal.shows('code 9')
  expect(terminal.screen).not.toContain('interrupts 2')
})

test.skipIf(!HAS_TERMINALS || PSQL === undefined)('psql is used as ever', async () => {
  await using terminal = await Terminal.open(database.url)
  terminal.type(`run psql -- ${PSQL} -X "$DATABASE_URL"; echo code $?\n`)
  await terminal.shows('=# ')
  terminal.type('select 40 + 2 as sum;\n')
  await terminal.shows(' 42')
  terminal.type(`select pg_sleep(1000);\n`)
  await eventually(async () => {
    const { rows } = await database.admin.query(`select from pg_stat_activity where wait_event = 'PgSleep'`)
    return rows.length
  })
  terminal.type('\x03')
  await terminal.shows('canceling statement due to user request')
  terminal.type('\\q\n')
  await terminal.shows('code 0')
})

test.skipIf(!HAS_TERMINALS)('^C ends a loop of runs, as it ends a loop of programs', async () => {
  await using terminal = await Terminal.open(database.url)
  // Not sh: dash misses a SIGINT that comes as it starts a program.
  terminal.type(
    `for _ in 1 2 3 4; do run loop -- node -e 'console.log("ru" + "ns"); setInterval(() => {}, 1e6)'; done\n`,
  )
  await terminal.shows('runs')
  terminal.type('\x03')
  terminal.type('echo code $?\n')
  await terminal.shows('code 130')
  await using _ = await fp.lock('loop', { wait: '10s' })
})

test.skipIf(!HAS_TERMINALS)('^Z suspends the program and the command, fg goes on', async () => {
  await using terminal = await Terminal.open(database.url)
  terminal.type(`run later -- ${LISTENS}; echo over\n`)
  await terminal.shows('terminal true')
  terminal.type('\x1a')
  await terminal.shows('"later" is kept for 60s')
  await terminal.shows('Stopped')
  terminal.type('fg; echo code $?\n')
  terminal.type('4\n')
  await terminal.shows('code 4')
})

test.skipIf(!HAS_TERMINALS)(
  'P4: who is suspended for longer than the freeze timeout loses the lock, and is stopped when it goes on',
  async () => {
    await using terminal = await Terminal.open(database.url)
    terminal.type(`run forgotten --freeze-timeout 1s -- ${LISTENS}; echo over\n`)
    await terminal.shows('terminal true')
    terminal.type('\x1a')
    await terminal.shows('Stopped')
    await using _ = await fp.lock('forgotten', { wait: '30s' })
    terminal.type('fg; echo code $?\n')
    await terminal.shows('"forgotten" was lost')
    await terminal.shows('code 79')
  },
)

const STARTS = `sh -c 'trap "" TERM HUP; sleep 1000 & echo started $!; echo program $$; wait; sleep 1000'`

test.skipIf(!HAS_TERMINALS)(
  'P4: kill -9 of the command ends the program and what it has started at a terminal too',
  async () => {
    await using terminal = await Terminal.open(database.url)
    terminal.type(`run killed -- ${STARTS}; echo code $?\n`)
    const pids = [await numberAfter(terminal, 'started'), await numberAfter(terminal, 'program')]
    expect(pids.map(isAlive)).toEqual([true, true])
    const [holder] = await eventually(async () => (await fp.who('killed')).filter(({ process: pid }) => pid !== null))
    process.kill(holder?.process ?? 0, 'SIGKILL')
    await eventually(async () => !pids.some(isAlive))
    await terminal.shows('code 137')
  },
)

test.skipIf(!HAS_TERMINALS)('P5: a lost lock stops the program and what it has started at a terminal too', async () => {
  await using terminal = await Terminal.open(database.url)
  terminal.type(`run lost --grace 500ms -- ${STARTS}; echo code $?\n`)
  const pids = [await numberAfter(terminal, 'started'), await numberAfter(terminal, 'program')]
  await eventually(async () => (await fp.who('lost')).length)
  await fp.evict('lost')
  await terminal.shows('code 79')
  expect(pids.some(isAlive)).toBe(false)
})

test.skipIf(!HAS_TERMINALS)('a terminal that is closed ends the program, and the lock is free', async () => {
  const terminal = await Terminal.open(database.url)
  terminal.type(`run closed -- sh -c 'echo program $$; sleep 1000'\n`)
  const pid = await numberAfter(terminal, 'program')
  await terminal[Symbol.asyncDispose]()
  await eventually(async () => !isAlive(pid))
  await using _ = await fp.lock('closed', { wait: '10s' })
})

/**
 * What can be soaked: the program of a mode is soak/<mode>.js of the compiled tests, and gets its options as JSON.
 *
 * @typedef {{ says: string, least: number, most: number, usual?: number }} NumberOption without a usual one it is random or null
 * @typedef {{ says: string, of: string[] }} ChoiceOption the first one is usual
 * @typedef {{ says: string, does: string, numbers: Record<string, NumberOption>, choices: Record<string, ChoiceOption>, flags: Record<string, string> }} Mode
 */

/** @type {NumberOption} */
const SEED = {
  says: 'of all decisions; a random one is printed first. It does not decide the interleaving',
  least: 0,
  most: 2 ** 31 - 1,
}
/** @type {NumberOption} */
const POSTGRES = { says: 'a major that is installed here instead of the PostgreSQL from npm', least: 13, most: 99 }

/** @type {Record<string, Mode>} */
export const modes = {
  history: {
    says: 'processes that lock, share, nest, write, give up, freeze and die at random',
    does: `Lets processes do so on a server of their own, and checks what they have recorded against the promises. Exit code 1 and the
interleaving of what was violated, if anything was.`,
    numbers: {
      seconds: {
        says: 'for how long, besides the end, when everybody who waits must still be granted',
        least: 1,
        most: 86_400,
        usual: 600,
      },
      processes: { says: 'of 4 callers each', least: 2, most: 20, usual: 6 },
      seed: SEED,
      postgres: POSTGRES,
    },
    choices: {},
    flags: {
      'server-crash': 'kills the server too, now and then',
      keep: 'what was recorded, also if nothing was violated',
    },
  },
  zombies: {
    says: 'holders that are struck at a random moment of their work, and go on as if nothing had happened',
    does: `Each name is to be paid once, by its holder or by who comes next. Done with the guard, when none may be paid twice, and again
without it, when some must be: else the run has shown nothing. Exit code 1 if either is not so.`,
    numbers: {
      rounds: { says: 'blows that hit a holder before it had ended', least: 1, most: 100_000, usual: 300 },
      holders: { says: 'at a time, each of a name of its own', least: 1, most: 30, usual: 12 },
      seed: SEED,
      postgres: POSTGRES,
    },
    choices: {
      fault: {
        says: 'SIGSTOP of the process, the end of its session, kill -9 of the server',
        of: ['pause', 'terminate', 'server-kill'],
      },
    },
    flags: {},
  },
  failover: {
    says: 'fail-overs from a primary that is killed to its standby, while a holder is frozen',
    does: `Who is promoted in one is the primary of the next; tokens have to rise over all of them. The frozen holder wakes when the next
has the lock, and tries to commit on both sides. Exit code 1 if it could, or if a token did not rise.`,
    numbers: {
      rounds: { says: 'fail-overs, of each kind', least: 1, most: 1000, usual: 50 },
      seed: SEED,
      postgres: POSTGRES,
    },
    choices: {},
    flags: { async: 'only with an asynchronous standby', sync: 'only with a synchronous one' },
  },
  jobs: {
    says: 'workers that are killed and frozen at random moments of their jobs',
    does: `Each job is to take effect once. Done with job.transaction, when it must be so, and again, with 1,500 jobs at most, with the effect in a transaction
of its own, when some must take effect twice: else the run has shown nothing. Exit code 1 if either is not so.`,
    numbers: {
      jobs: { says: 'some of them of a group', least: 10, most: 1_000_000, usual: 1500 },
      workers: { says: 'processes', least: 2, most: 20, usual: 6 },
      concurrency: { says: 'jobs that each runs at once', least: 1, most: 100, usual: 8 },
      'thought-ms': { says: 'a job thinks three times, for up to so long', least: 0, most: 10_000, usual: 20 },
      'group-every': {
        says: 'one job of so many is of a group, of which there are 20',
        least: 1,
        most: 1_000_000,
        usual: 2,
      },
      kills: { says: 'each followed by another worker', least: 0, most: 10_000, usual: 20 },
      freezes: { says: 'for up to three times freezeTimeout', least: 0, most: 10_000, usual: 25 },
      seed: SEED,
      postgres: POSTGRES,
    },
    choices: {},
    flags: {},
  },
  election: {
    says: 'leaders that are killed and frozen, one after the other',
    does: `The next in line has to lead, under a larger term, within 300 ms of a kill, and no two may write in the same moment: by the
snapshots of their writes. Exit code 1 if not.`,
    numbers: {
      blows: { says: 'half of them kill, one in five of these a standby too', least: 1, most: 100_000, usual: 200 },
      candidates: { says: 'processes', least: 2, most: 20, usual: 5 },
      seed: SEED,
      postgres: POSTGRES,
    },
    choices: {},
    flags: {},
  },
  cron: {
    says: 'replicas with clocks that differ, killed at their ticks, on days on which clocks change',
    does: `Six replicas, up to 90 s off, and a server whose clock is led through six changes of clocks in three zones (it needs faketime). Each tick has
to be one row and take effect once. Exit code 1 if one does not.`,
    numbers: {
      hours: { says: 'before and after each change', least: 1, most: 24, usual: 12 },
      kills: { says: 'about so many, each followed by another replica', least: 0, most: 10_000, usual: 60 },
      seed: SEED,
      postgres: POSTGRES,
    },
    choices: {},
    flags: {},
  },
}

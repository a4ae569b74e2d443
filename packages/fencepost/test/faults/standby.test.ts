import { execFile } from 'node:child_process'
import { chmod, chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { fencepost } from 'fencepost'
import pg from 'pg'
import { expect, test } from 'vitest'
import { ownServer } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'

test('FAULTS 11, P1, P7: a standby that follows its primary is refused, as it would grant what the primary has granted', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fencepost-standby-'))
  // The servers may run as somebody else.
  await chmod(folder, 0o755)
  const [here, there] = [join(folder, 'primary'), join(folder, 'standby')]
  try {
    await (await ownServer({}, here)).stop()
    await copyCluster(here, there)
    await using primary = await ownServer({}, here)
    await using standby = await ownServer({ primary_conninfo: connectionOf(primary.url) }, there)
    await using fp = fencepost(primary.url)
    await using lock = await fp.lock('a')
    const admin = new pg.Pool({ connectionString: standby.url })
    // What the primary has committed arrives.
    await eventually(async () => (await admin.query(`select to_regclass('fencepost.epochs') as is`)).rows[0]?.is)

    await using refused = fencepost(standby.url)
    for (const call of [() => refused.lock('a'), () => refused.tryLock('a'), () => refused.lock('b', { wait: '5s' })]) {
      await expect(call()).rejects.toMatchObject({
        code: 'STANDBY',
        message: expect.stringMatching(/connect to the primary/),
      })
    }
    const would = 'select pg_try_advisory_lock(fencepost.key($1)) as it'
    expect((await admin.query(would, ['a'])).rows).toEqual([{ it: true }])
    expect((await admin.query('select pg_is_in_recovery() as is')).rows).toEqual([{ is: true }])
    await admin.end()
    expect(lock.signal.aborted).toBe(false)
    await lock.transaction((tx) => tx.query('select 1'))
  } finally {
    await rm(folder, { recursive: true })
  }
})

/** A cluster at rest, with all it has, as one that follows it. */
async function copyCluster(from: string, to: string): Promise<void> {
  await promisify(execFile)('cp', ['-a', from, to])
  const { uid, gid } = await stat(from)
  await writeFile(join(to, 'standby.signal'), '')
  await chown(join(to, 'standby.signal'), uid, gid)
}

function connectionOf(url: string): string {
  const { hostname, port, username, password } = new URL(url)
  return `host=${hostname} port=${port} user=${username} password=${password}`
}

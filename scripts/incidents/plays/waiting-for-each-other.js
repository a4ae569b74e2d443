/** @param {import('../stage.js').Stage} stage */
export async function waitingForEachOther(stage) {
  const one = stage.start('transfer', ['transfer-a', 'account:1', 'account:2'])
  await one.says()
  const other = stage.start('transfer', ['transfer-b', 'account:2', 'account:1'])
  await other.says()
  for (const name of ['account:1', 'account:2'])
    await stage.until(`select from fencepost.holders where name = '${name}'`)
  one.child.kill('SIGUSR1')
  await stage.until(`select from fencepost.waiters where name = 'account:2'`)
  other.child.kill('SIGUSR1')
  await stage.until(`select from fencepost.waiters where name = 'account:1'`)
  await stage.type('waits')
  await stage.type('evict account:1 --yes')
  // The other has both, and gives both back.
  for (const said of ['has both', 'done'])
    if ((await other.says()) !== said) throw new Error(`it did not say "${said}"`)
  await one.says()
  await stage.until(`select where not exists (select from fencepost.waiters)`)
  await stage.type('waits')
}

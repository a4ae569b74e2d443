/** @param {import('../stage.js').Stage} stage */
export async function frozenHolder(stage) {
  const frozen = stage.start('report')
  await frozen.says()
  await stage.until(`select from fencepost.holders where name = 'report'`)
  frozen.freeze()
  const next = stage.start('report')
  await stage.until(`select from fencepost.waiters where name = 'report'`)
  await stage.until(
    `select from pg_stat_activity where application_name = 'report fencepost' and state = 'idle' and state_change < now() - interval '2 s'`,
  )
  await stage.type('who report')
  await stage.type('doctor --quiet --older-than 2s')
  await stage.type('evict report --grace 1s --yes')
  await next.says()
  await stage.until(`select from fencepost.holders where name = 'report'`)
  await stage.type('who report')
}

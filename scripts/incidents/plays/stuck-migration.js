/** @param {import('../stage.js').Stage} stage */
export async function stuckMigration(stage) {
  const hung = stage.start('migrate-like-prisma')
  await hung.says()
  await hung.says()
  hung.freeze()
  const deploy = stage.start('migrate-like-prisma')
  await deploy.says()
  await stage.until(`select from pg_stat_activity where wait_event = 'advisory'`)
  await stage.until(
    `select from pg_stat_activity where application_name = 'migrate-like-prisma' and state = 'idle' and state_change < now() - interval '2 s'`,
  )
  await stage.type('waits')
  const told = await stage.type('doctor --quiet --older-than 1s')
  const backend = /pg_terminate_backend\((\d+)\)/.exec(told)?.[1]
  await stage.psql(`select pg_terminate_backend(${backend});`)
  await deploy.says()
  await stage.type('waits')
}

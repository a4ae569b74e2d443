/** @param {import('../stage.js').Stage} stage */
export async function stuckQueue(stage) {
  const mailer = stage.start('mailer')
  await mailer.says()
  await stage.until(`select from fencepost.workers`)
  await stage.until(`select from fencepost.jobs where run_at < now() - interval '1 s'`)
  await stage.type('jobs')
  await stage.type('doctor --quiet --older-than 1s')
  await stage.type('jobs resume mail')
  await stage.until(`select where not exists (select from fencepost.jobs)`)
  await stage.type('jobs')
}

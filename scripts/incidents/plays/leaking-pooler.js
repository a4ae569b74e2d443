import { startPgBouncer } from '../pgbouncer.js'

/** @param {import('../stage.js').Stage} stage */
export async function leakingPooler(stage) {
  const pooler = await startPgBouncer(stage.url)
  stage.keep(pooler)
  const said = []
  for (let replica = 0; replica < 2; replica++) {
    const program = stage.start('nightly-export', [], pooler.url)
    said.push(await program.says())
  }
  stage.remark(`two replicas ran nightly-export at the same time; the one said "${said[0]}", the other "${said[1]}"`)
  await stage.type('doctor --quiet --older-than 0s', pooler.url)
  stage.remark('now with the URL of the server itself')
  await stage.type('doctor --quiet --older-than 0s')
  const direct = stage.start('nightly-export')
  stage.remark(
    `nightly-export, connected directly, says "${await direct.says()}": what was leaked stays until the pool lets go of its connection, or you do`,
  )
}

import { EntitySchema, MikroORM } from '@mikro-orm/postgresql'

const Effect = new EntitySchema({
  name: 'Effect',
  tableName: 'effects',
  properties: { who: { type: 'string', primary: true } },
})

/** @type {import('./open-client.js').Open} */
export async function open(url) {
  const orm = await MikroORM.init({ clientUrl: url, entities: [Effect] })
  return {
    transaction: (work) => orm.em.fork().transactional((em) => work(em, (text) => run(em, text))),
    outside: [orm.em.fork()],
    close: () => orm.close(true),
  }
}

/** @param {import('@mikro-orm/postgresql').EntityManager} em @param {string} text */
function run(em, text) {
  return em.getConnection().execute(text, [], 'run', em.getTransactionContext())
}

import { Sequelize } from 'sequelize'

/** @type {import('./open-client.js').Open} */
export async function open(url) {
  const sequelize = new Sequelize(url, { dialect: 'postgres', logging: false })
  const over = await sequelize.transaction()
  await over.commit()
  return {
    transaction: (work) =>
      sequelize.transaction((transaction) => work(transaction, (text) => sequelize.query(text, { transaction }))),
    outside: [sequelize, over],
    close: () => sequelize.close(),
  }
}

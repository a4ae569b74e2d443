import postgres from 'postgres'

/** @type {import('./open-client.js').Open} */
export async function open(url) {
  const sql = postgres(url, { max: 3, onnotice: () => {} })
  const reserved = await sql.reserve()
  return {
    transaction: (work) => sql.begin((tx) => work(tx, (text) => tx.unsafe(text))),
    outside: [sql, reserved],
    close: () => {
      reserved.release()
      return sql.end()
    },
  }
}

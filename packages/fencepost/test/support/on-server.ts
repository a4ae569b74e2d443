import pg from 'pg'

/** Runs one statement on a connection made for it, as for what cannot be done on the database it is about. */
export async function onServer(url: string, text: string): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    await client.query(text)
  } finally {
    await client.end()
  }
}

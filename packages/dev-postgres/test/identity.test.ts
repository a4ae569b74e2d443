import { startPostgres } from '@fencepost/dev-postgres'
import { expect, test } from 'vitest'
import { chooseIdentity } from '../dist/identity.js'
import { query } from './query.ts'

const ROOT = 'root:x:0:0:root:/root:/bin/bash'
const DAEMON = 'daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin'
const NOBODY = 'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin'
const POSTGRES = 'postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash'

test('root runs the server as postgres', () => {
  expect(chooseIdentity([ROOT, DAEMON, NOBODY, POSTGRES, ''].join('\n'))).toEqual({
    name: 'postgres',
    uid: 101,
    gid: 104,
  })
})

test('root runs the server as nobody where there is no postgres', () => {
  expect(chooseIdentity([ROOT, DAEMON, NOBODY].join('\n'))).toEqual({ name: 'nobody', uid: 65534, gid: 65534 })
})

test('root runs the server as the first other user where there is neither', () => {
  expect(chooseIdentity([ROOT, DAEMON].join('\n'))).toEqual({ name: 'daemon', uid: 1, gid: 1 })
})

test('nobody is found where there is only root, or no text', () => {
  expect(chooseIdentity(ROOT)).toBeNull()
  expect(chooseIdentity('')).toBeNull()
})

test('a user with the number of root, or a negative one, is not chosen', () => {
  expect(chooseIdentity('postgres:x:0:0::/:/bin/sh\nnobody:*:-2:-2::/:/bin/false')).toBeNull()
})

test('the server runs as the user it says, never as root', async ({ skip }) => {
  skip(process.getuid?.() !== 0, 'needs root')
  await using server = await startPostgres()
  expect(await query(server.url, `select pg_read_file('/proc/self/status') ~ 'Uid:\\s+0\\s' as root`)).toEqual([
    { root: false },
  ])
}, 60_000)

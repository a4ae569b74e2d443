import { expect, test } from 'vitest'
import { command } from '../../src/cli/doctor/words/command.ts'
import type { Server } from '../../src/cli/doctor/hazard.ts'
import { HAZARDS } from '../../src/cli/doctor/hazards.ts'
import { failOver } from '../../src/cli/doctor/hazards/server/fail-over.ts'
import { pooler } from '../../src/cli/doctor/hazards/server/pooler.ts'
import { serverVersion } from '../../src/cli/doctor/hazards/server/server-version.ts'
import { networkLimits } from '../../src/cli/doctor/hazards/settings/network-limits.ts'
import { hintsOf } from '../../src/cli/doctor/hazards/server/url-hints.ts'
import { settingMs } from '../../src/cli/doctor/hazards/settings/setting-ms.ts'

// What cannot be run here is judged from facts as they were recorded elsewhere: banners from the projects' own documentation.
const SERVER = {} as Server

test.each([
  [
    'CockroachDB CCL v23.1.11 (x86_64-pc-linux-gnu, built 2023/09/27 01:53:43, go1.19.10)',
    130000,
    'danger',
    /everybody holds every lock/,
  ],
  [
    'PostgreSQL 11.2-YB-2024.1.0.0-b0 on x86_64-pc-linux-gnu, compiled by clang version 17.0.6, 64-bit',
    110002,
    'warning',
    /YugabyteDB/,
  ],
  ['PostgreSQL 15.5 (Doltgres 1.1)', 150005, 'danger', /Doltgres/],
  [
    'PostgreSQL 17.4 on wasm32-unknown-emscripten, compiled by emcc (Emscripten gcc/clang-like replacement)',
    170004,
    'danger',
    /one backend/,
  ],
  ['PostgreSQL 12.22 on x86_64-pc-linux-gnu', 120022, 'danger', /PostgreSQL 12\.22 is not supported/],
  ['PostgreSQL 13.23 on x86_64-pc-linux-gnu', 130023, 'warning', /a frozen process keeps its locks.*P4/],
  ['PostgreSQL 18.4 on x86_64-pc-linux-gnu', 180004, 'fine', /PostgreSQL 18\.4 keeps all promises/],
] as const)('%s', (banner, version, level, what) => {
  const verdict = serverVersion.judge({ banner, version }, SERVER)
  expect(verdict).toMatchObject({ level, what: expect.stringMatching(what) })
})

test('P4: a host that fixes a setting is told, with what is noticed late for it', () => {
  const facts = { refused: ['client_connection_check_interval', 'tcp_keepalives_idle'], isTcp: true }
  expect(networkLimits.judge(facts, SERVER)).toMatchObject({
    level: 'warning',
    what: expect.stringMatching(
      /^client_connection_check_interval, tcp_keepalives_idle cannot be set here: a lost network, a client that is killed/,
    ),
  })
})

test('a pooler whose mode was not told is a warning, and each host has its own way around', () => {
  const facts = { mode: 'unknown', where: 'db:6543/app', directly: 'use port 5432 instead of 6543' } as const
  expect(pooler.judge(facts)).toMatchObject({ level: 'warning', mend: expect.stringMatching(/^use port 5432/) })
})

test('what a role is not shown of standbys is not taken for their absence', () => {
  const standbys = [{ application: 'standby', sync: null, lag: null }]
  expect(failOver.judge({ names: '', commit: 'on', standbys }, SERVER)).toMatchObject({ level: 'unseen' })
})

test.each([
  ['postgres://u@db.abcdefgh.supabase.co:6543/postgres', 'db.abcdefgh.supabase.co', 6543, ['port 6543']],
  [
    'postgres://u@ep-cool-pooler.eu.aws.neon.tech/db',
    'ep-cool-pooler.eu.aws.neon.tech',
    5432,
    ['host ep-cool-pooler.eu.aws.neon.tech'],
  ],
  [
    'postgres://u@pooled.db.prisma.io/db?pgbouncer=true',
    'pooled.db.prisma.io',
    5432,
    ['host pooled.db.prisma.io', 'pgbouncer=true'],
  ],
  [
    'postgres://u@aws-0-eu.pooler.supabase.com:5432/db',
    'aws-0-eu.pooler.supabase.com',
    5432,
    ['host aws-0-eu.pooler.supabase.com'],
  ],
  ['postgres://u@db.example/pooler', 'db.example', 5432, []],
])('%s points at a pooler by what it says', (url, host, port, hints) => {
  expect(hintsOf({ url, host, port })).toEqual(hints)
})

test('ids are stable words of their own, and none is there twice', () => {
  const ids = HAZARDS.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  for (const id of ids) expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/)
})

test('commands are safe to paste into a shell', () => {
  expect(command('jobs resume', 'mail', 'fencepost')).toBe('npx fencepost jobs resume mail')
  expect(command('jobs resume', `tenant:it's; rm`, 'other')).toBe(
    `npx fencepost jobs resume 'it'\\''s; rm' --schema other --namespace tenant`,
  )
})

test('times of settings are read as the server reads them', () => {
  expect(['1500', '2s', '1min', '1 h', '500us', '0', 'x', '-1'].map(settingMs)).toEqual([
    1500,
    2000,
    60_000,
    3_600_000,
    0.5,
    0,
    Number.NaN,
    -1,
  ])
})

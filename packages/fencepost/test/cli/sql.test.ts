import { afterAll, expect, test } from 'vitest'
import { runCommand } from './command.ts'
import { emptyDatabase } from '../support/database.ts'

const database = await emptyDatabase()
afterAll(() => database[Symbol.asyncDispose]())

test('what sql prints installs the schema that migrate then finds up to date', async () => {
  const { code, stdout, stderr } = await runCommand(['sql', '--schema', 'by_hand'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  await database.admin.query(stdout)
  const migrate = await runCommand(['migrate', '--schema', 'by_hand', '--url', database.url])
  expect(migrate.stdout).toContain('is up to date')
})

test('a name that cannot be a schema is a usage error, and nothing is printed', async () => {
  const { code, stdout, stderr } = await runCommand(['sql', '--schema', 'x"; drop table users'])
  expect({ code, stdout }).toEqual({ code: 64, stdout: '' })
  expect(stderr).toMatch(/^fencepost: schema must match .*\n$/)
})

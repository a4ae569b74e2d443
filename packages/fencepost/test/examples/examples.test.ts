import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { emptyDatabase } from '../support/database.ts'

const FOLDER = new URL('../../../../examples/', import.meta.url)

const database = await emptyDatabase()
afterAll(() => database[Symbol.asyncDispose]())

test.each(readdirSync(FOLDER).filter((file) => file.endsWith('.mjs')))(
  '%s prints what its last lines say',
  async (file) => {
    const example = new URL(file, FOLDER)
    const lines = readFileSync(example, 'utf8').trimEnd().split('\n')
    expect(lines.length).toBeLessThanOrEqual(40)
    const promised = lines
      .slice(lines.findLastIndex((line) => !line.startsWith('// ')) + 1)
      .map((line) => line.slice(3))
    expect(promised).not.toEqual([])

    const env = { ...process.env, DATABASE_URL: database.url }
    const { stdout } = await promisify(execFile)(process.execPath, [example.pathname], { env })
    expect(stdout.trimEnd().split('\n')).toEqual(promised)
  },
)

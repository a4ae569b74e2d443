import { localInstallations } from '@fencepost/dev-postgres'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** An ordinary program that knows nothing of us; undefined if it is not installed. */
export const PSQL = localInstallations()
  .map(({ binaries }) => join(binaries, 'psql'))
  .find((path) => existsSync(path))

if (PSQL === undefined)
  console.warn('skipped: tests of psql, which is not installed (Debian: apt-get install postgresql)')

import { CommandError, ExitCode } from './exit-code.ts'

/**
 * The optional peer that brings a PostgreSQL.
 *
 * @throws {CommandError} with the line that installs it, if it is not there.
 */
export async function loadDevPostgres(why: string, instead: string) {
  try {
    return await import('@fencepost/dev-postgres')
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_MODULE_NOT_FOUND') throw error
    const what = `${why}: npm install --save-dev @fencepost/dev-postgres, or ${instead}`
    throw new CommandError(what, ExitCode.unreachable, { cause: error })
  }
}

// Installs the clients that the adapters are tested with, if they are not there yet; says on stdout why it could not.
import { join } from 'node:path'
import { installFolder } from '../../../../../scripts/run/install-folder.js'
import { runChild } from '../../../../../scripts/run/run-child.js'

const folder = import.meta.dirname
const failure = await installFolder(folder, {
  say: 'test: installing the clients that adapters are tested with',
  finish: generatePrismaClient,
})
if (failure !== null) console.log(failure)

/** Prisma makes its client out of the schema. It would download an engine for that, which it does not use, if none were named. */
async function generatePrismaClient() {
  const prisma = join(folder, 'node_modules', 'prisma', 'build', 'index.js')
  const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' }
  const args = [prisma, 'generate', '--no-hints', '--schema', join(folder, 'schema.prisma')]
  const code = await runChild(process.execPath, args, { cwd: folder, stdio: ['ignore', 2, 2], env })
  return code === 0 ? null : `prisma generate ended with ${code}; what it said stands above`
}

import { localInstallations, startPostgres } from '@fencepost/dev-postgres'
import { fencepost } from 'fencepost'
import type { TestProject } from 'vitest/node'
import { onServer } from './on-server.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The run's server: its superuser URL, and the database that files clone. */
    readonly server: { readonly url: string; readonly template: string; readonly binaries: string | undefined }
  }
}

/** One throw-away server a run and one template database; each file clones it. The project's name ends in the major. */
export default async function globalSetup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['FENCEPOST_TEST_DATABASE_URL']
  const binaries = binariesOf(project.name)
  const own =
    given === undefined
      ? await startPostgres({ ...(binaries === undefined ? {} : { binaries }), settings: SETTINGS })
      : null
  const url = own?.url ?? given ?? ''
  const template = `fencepost_template_${process.pid}`
  await onServer(url, `create database ${template}`)
  await using fp = fencepost(databaseUrl(url, template))
  await fp.migrate()
  project.provide('server', { url, template, binaries })
  return async () => {
    await onServer(url, `drop database ${template}`)
    await own?.stop()
  }
}

const SETTINGS = { max_connections: '200', max_prepared_transactions: '10' }

function binariesOf(projectName: string): string | undefined {
  const major = Number(/PostgreSQL (\d+)$/.exec(projectName)?.[1])
  return localInstallations().find((installation) => installation.major === major)?.binaries
}

function databaseUrl(url: string, database: string): string {
  return Object.assign(new URL(url), { pathname: `/${database}` }).href
}

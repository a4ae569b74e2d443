/** Where a setting of the server comes from, as `pg_settings.source` has it. */
export interface SettingSource {
  readonly name: string
  readonly source: string | undefined
}

/** How to give a setting that counts from the start of a server on another value: what its command line says no file overrides. */
export function setAtStart({ name, source }: SettingSource, value: number): string {
  if (source === 'command line') return `start the server with -c ${name}=${value}`
  return `alter system set ${name} = ${value}; -- then restart the server`
}

/** `npx fencepost jobs resume mail`, for a shell, of a queue as the database calls it: with its namespace before it. */
export function command(verb: string, queue: string, schema: string): string {
  const colon = queue.indexOf(':')
  const [namespace, name] = colon < 0 ? ['default', queue] : [queue.slice(0, colon), queue.slice(colon + 1)]
  const where = `${schema === 'fencepost' ? '' : ` --schema ${schema}`}${namespace === 'default' ? '' : ` --namespace ${quoted(namespace)}`}`
  return `npx fencepost ${verb} ${quoted(name)}${where}`
}

function quoted(word: string): string {
  return /^[\w.@%+/-]+$/.test(word) && !word.startsWith('-') ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** A promise that a test settles by hand; Node 20 has no `Promise.withResolvers`. */
export function deferred<T = void>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void
  const promise = new Promise<T>((resolved) => (resolve = resolved))
  return { promise, resolve }
}

/** Asks until the answer is truthy, as for what only a look at the server can tell; fails after 30 s. */
export async function eventually<T>(ask: () => Promise<T>): Promise<Exclude<T, false | null | undefined>> {
  for (const end = performance.now() + 30_000; ;) {
    const answer = await ask()
    if (answer) return answer as Exclude<T, false | null | undefined>
    if (performance.now() > end) throw new Error(`not within 30 s: ${ask.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

import type { Edges } from './wait-edges.ts'

/** Those who wait for each other for ever: each for the next, and the last for the first. */
export function findRings(edges: Edges): string[][] {
  const blockers = new Map([...edges].map(([waiter, own]) => [waiter, new Set(own.keys())]))
  const rings: string[][] = []
  for (let one = anyInRing(blockers); one !== undefined; one = anyInRing(blockers)) {
    const ring = walk(blockers, one)
    rings.push(ring)
    for (const member of ring) blockers.delete(member)
  }
  return rings
}

/** Takes away whoever waits for nobody in there, until all that are left wait for somebody who is left. */
function anyInRing(blockers: Map<string, Set<string>>): string | undefined {
  for (let before = Infinity; blockers.size < before;) {
    before = blockers.size
    for (const [waiter, own] of blockers) {
      for (const blocker of own) if (!blockers.has(blocker)) own.delete(blocker)
      if (own.size === 0) blockers.delete(waiter)
    }
  }
  return blockers.keys().next().value
}

/** From one to whom it waits for, until somebody comes a second time. */
function walk(blockers: ReadonlyMap<string, ReadonlySet<string>>, start: string): string[] {
  const path: string[] = []
  let one: string | undefined = start
  while (one !== undefined && !path.includes(one)) {
    path.push(one)
    one = blockers.get(one)?.values().next().value
  }
  return one === undefined ? path : path.slice(path.indexOf(one))
}

/**
 * Finds where following the edges leads back to where one came from; each circle once, by the path that closes it.
 *
 * @param {Map<string, string[]>} graph
 * @returns {string[][]}
 */
export function findCircles(graph) {
  /** @type {Map<string, 'open' | 'done'>} */
  const seen = new Map()
  /** @type {string[][]} */
  const circles = []
  /** @type {string[]} */
  const path = []
  const visit = (/** @type {string} */ node) => {
    if (seen.get(node) === 'open') circles.push([...path.slice(path.indexOf(node)), node])
    if (seen.has(node)) return
    seen.set(node, 'open')
    path.push(node)
    for (const next of graph.get(node) ?? []) visit(next)
    path.pop()
    seen.set(node, 'done')
  }
  for (const node of graph.keys()) visit(node)
  return circles
}

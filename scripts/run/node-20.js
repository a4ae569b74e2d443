// @ts-nocheck -- the types are those of Node 20, which lacks what is made here
// What vitest 5 uses of Node 22 when a test fails, for the Node 20 we promise; preloaded into its main process only.
/* oxlint-disable no-extend-native -- that is what a preload for a missing built-in is */

Object.groupBy ??= (items, of) => Object.fromEntries(Map.groupBy(items, of))

Map.groupBy ??= (items, of) => {
  const groups = new Map()
  let index = 0
  for (const item of items) {
    const key = of(item, index++)
    if (groups.has(key)) groups.get(key).push(item)
    else groups.set(key, [item])
  }
  return groups
}

Promise.withResolvers ??= () => {
  const resolvers = {}
  resolvers.promise = new Promise((resolve, reject) => Object.assign(resolvers, { resolve, reject }))
  return resolvers
}

import { createRequire } from 'node:module'
import { join } from 'node:path'

/** Loads what the lab has installed for its contenders. @param peers the folder; empty: nothing was */
export function loaderOf(peers: string): (name: string) => unknown {
  return (name) => {
    if (peers === '') throw new Error(`the lab has not installed ${name}: name it in \`packages\` of the contender`)
    return createRequire(join(peers, 'package.json'))(name)
  }
}

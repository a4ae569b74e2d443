import type { Hazard } from '../../hazard.ts'

/** Only what the proof has not said already. */
export const urlHints: Hazard<readonly string[]> = {
  id: 'url-hints',
  applies: ({ hints }) => hints.length > 0,
  collect: (_, { hints }) => Promise.resolve(hints),

  judge(hints, { pooler: { mode, directly } }) {
    const what = `${hints.join(' and ')} in the URL ${hints.length === 1 ? 'points' : 'point'} at a pooler in transaction mode`
    if (mode === 'transaction') return { level: 'fine', what: `${what}, and there is one: see pooler` }
    if (mode === 'unknown') return { level: 'warning', what, mend: directly }
    const instead = mode === 'none' ? 'the connections are the server’s own' : 'this one is in session mode'
    return { level: 'note', what: `${what}, but ${instead}` }
  },
}

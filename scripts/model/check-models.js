import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ScriptError } from '../run/script-error.js'
import { explore } from './explore.js'

/**
 * @typedef {import('./runs.js').Model} Model
 * @typedef {{ model: string, mutant: string | null, outcome: import('./read-outcome.js').Outcome, isOk: boolean }} Result
 */

/**
 * Explores models and their mutants: a model must hold in every state, and in each mutant a violation must be found.
 *
 * @param {Model[]} models
 * @param {{ sources: string, folder: string, atOnce: number, tell: (result: Result) => void }} options where the models stand; where
 *   to build; how many to explore side by side
 * @returns {Promise<Result[]>}
 */
export async function checkModels(models, { sources, folder, atOnce, tell }) {
  for (const model of models) requireKnownFlags(model, sources)
  const wanted = models.flatMap((model) => [null, ...model.mutants].map((mutant) => ({ model, mutant })))
  /** @type {Result[]} */
  const results = []
  const work = async () => {
    for (let next = wanted.shift(); next !== undefined; next = wanted.shift()) {
      const { model, mutant } = next
      const flags = mutant === null ? model.flags : [...model.flags, mutant]
      const optimise = mutant === null ? '-O1' : '-O0'
      const outcome = await explore(join(sources, model.file), flags, { folder, optimise })
      const isOk = mutant === null ? outcome.violation === null && outcome.isWhole : outcome.violation !== null
      const result = { model: model.name, mutant, outcome, isOk }
      results.push(result)
      tell(result)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return results
}

/** A flag that the model does not know would change nothing, and everything would pass. @param {Model} model @param {string} sources */
function requireKnownFlags({ name, file, flags, mutants }, sources) {
  const text = readFileSync(join(sources, file), 'utf8')
  const unknown = [...flags, ...mutants].filter((flag) => {
    const [word] = flag.split('=')
    return !new RegExp(`#if(n?def)? .*\\b${word}\\b`).test(text)
  })
  if (unknown.length > 0) throw new ScriptError(`${name}: ${file} knows nothing of ${unknown.join(' ')}`)
}

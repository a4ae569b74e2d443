import type { Cell } from '../../verdict/judge-cell.ts'
import { type Result, trialName } from '../result.ts'
import { doubles, isStuck, takeover } from '../words.ts'
import { escape } from './escape.ts'

/** Contenders by faults. */
export function matrix({ contenders, cells }: Result): string {
  const trials = [...new Set(cells.map(trialName))]
  const head = trials.map((trial) => `<th scope="col">${trial.split(':').map(escape).join('<br>')}</th>`).join('')
  const rows = contenders.map(({ name, isFenced }) => {
    const own = trials.map((trial) => cellOf(cells.find((one) => one.contender === name && trialName(one) === trial)))
    return `<tr><th scope="row">${escape(name)}${isFenced ? '<small class="dim"> fenced</small>' : ''}</th>${own.join('')}</tr>`
  })
  return `<div class="scroll"><table id="matrix"><thead><tr><th scope="col">rounds paid twice</th>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`
}

function cellOf(cell: Cell | undefined): string {
  if (cell === undefined) return '<td class="none">·</td>'
  const more = [
    ...(cell.refused > 0 ? [`${cell.refused} refused`] : []),
    ...(cell.gaveUp > 0 ? [`${cell.gaveUp} gave up`] : []),
    takeover(cell),
  ]
  const small = more.map((text) => `<small>${escape(text)}</small>`).join('')
  const kind = cell.doubleRounds > 0 ? 'bad' : isStuck(cell) ? 'stuck' : 'good'
  return `<td class="${kind}"><b>${escape(doubles(cell))}</b>${small}</td>`
}

import { doubtful, notTriedInShort, type Result } from '../result.ts'
import { plural, settings } from '../words.ts'
import { escape } from './escape.ts'
import { matrix } from './matrix.ts'
import { drawnRounds } from './rounds.ts'
import { STYLE } from './style.ts'

/** All of a run on one page that needs nothing else: no script, no font, no image from anywhere. */
export function htmlReport(result: Result): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>Locks under faults</title>
<style>${STYLE}</style>
</head>
<body>
${main(result)}
</body>
</html>
`
}

function main(result: Result): string {
  const { contenders, cells, faults, surprises, notTried } = result
  return `<main>
<h1>Locks under faults</h1>
<p>${escape(summary(result))}</p>
<p class="dim">${escape(`${result.date.slice(0, 10)}. ${result.versions.join(', ')}. ${result.machine}. ${settings(result)}.`)}</p>
<h2>What was paid twice</h2>
${matrix(result)}
<p class="dim">Rounds paid twice / rounds, counted in the ledger; below, when somebody else could go on: amber where nobody could, though the holder was stopped or dead. · not tried.</p>
${list('Seen otherwise than believed', surprises)}
${list('To be doubted', doubtful(cells))}
<h2>What happened</h2>
<p class="dim">Coloured: who believed to hold the lock. Grey: the fault. Dashed: waiting. Red ground: both believed to hold it.</p>
${drawnRounds(result)}
<h2>How each is used</h2>
${definitions(
  contenders.map(({ name, about, settings: own }) => [
    name,
    about,
    Object.entries(own)
      .map((pair) => pair.join(' '))
      .join(', '),
  ]),
)}
<h2>The faults</h2>
${definitions(faults.map(({ name, about }) => [name, about]))}
${list('Not tried', notTriedInShort(notTried))}
</main>`
}

function summary({ contenders, cells }: Result): string {
  const fenced = contenders.filter(({ isFenced }) => isFenced).map(({ name }) => name)
  const sum = (isFenced: boolean, of: 'rounds' | 'doubleRounds') =>
    cells
      .filter(({ contender }) => fenced.includes(contender) === isFenced)
      .reduce((total, cell) => total + cell[of], 0)
  return (
    'Two processes may pay the same invoice; one is struck while it holds the lock. Of the locks whose fence is to keep a second ' +
    `payout out, ${sum(true, 'doubleRounds')} of ${plural(sum(true, 'rounds'), 'round')} were paid twice, of all others ` +
    `${sum(false, 'doubleRounds')} of ${sum(false, 'rounds')}.`
  )
}

function list(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return ''
  return `<h2>${escape(title)}</h2><ul>${lines.map((line) => `<li>${escape(line)}</li>`).join('')}</ul>`
}

function definitions(rows: readonly (readonly string[])[]): string {
  const cells = rows.map(
    ([name = '', ...rest]) =>
      `<tr><th scope="row">${escape(name)}</th>${rest.map((text) => `<td>${escape(text)}</td>`).join('')}</tr>`,
  )
  return `<div class="scroll"><table class="wide"><tbody>${cells.join('')}</tbody></table></div>`
}

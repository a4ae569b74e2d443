import { show } from './show.js'

/** @typedef {import('./report.js').Report} Report @typedef {import('./report.js').Judged} Judged */

const STYLE = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2024; --dim: #5a6470; --line: #d5dae0; --bar: #b9c4d0; --own: #2f5fd0; --bad: #b3161f; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14181d; --ink: #e8ecf0; --dim: #a2adb9; --line: #343c45; --bar: #4a5663; --own: #8fb0ff; --bad: #ff9a94; }
}
body { margin: 0 auto; max-width: 62rem; padding: 2rem 1.25rem 4rem; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
h1 { font-size: 1.9rem; margin: 0 0 .5rem; } h2 { margin: 2.5rem 0 .5rem; } h3 { margin: 1.5rem 0 .25rem; font-size: 1rem; }
.dim, small { color: var(--dim); } .scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .875rem; }
td, th { padding: .3rem .6rem; text-align: left; border-bottom: 1px solid var(--line); white-space: nowrap; } td.number { text-align: right; font-variant-numeric: tabular-nums; }
td.bar { width: 35%; min-width: 8rem; } .bar div { height: .8rem; background: var(--bar); border-radius: 2px; } .own .bar div { background: var(--own); }
.unmet { color: var(--bad); font-weight: 600; }
`

/** How long was measured. */
const HOW = { full: 'full', quick: 'quick', brief: 'quick, two rounds of most' }

/** A report that needs nothing else. @param {Report} report */
export function benchPage({ date, seconds, machine, versions, settings, chapters }) {
  const how = [HOW[settings.kind], ...(settings.rounds === null ? [] : [`${settings.rounds} rounds`])]
  const about = `${date.slice(0, 10)}, ${how.join(', ')}, ${seconds} s. ${versions.join(', ')}. ${machine}.`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>Fencepost beside its peers</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Fencepost beside its peers</h1>
<p>Medians of one run. Absolute figures of a small machine swing by a factor of two: compare within a work.</p>
<p class="dim">${escape(about)}</p>
${chapters.map(chapterOf).join('\n')}
</body>
</html>
`
}

/** @param {Report['chapters'][number]} chapter */
function chapterOf({ suite, servers, notes, figures }) {
  const works = [...new Set(figures.map(({ work }) => work))]
  const tables = works.map((work) =>
    tableOf(
      work,
      figures.filter((figure) => figure.work === work),
    ),
  )
  const said = notes.map((note) => `<li>${escape(note)}</li>`).join('')
  return `<h2>${escape(suite)}</h2><p class="dim">${escape(servers.join(', '))}</p>${tables.join('')}<ul class="dim">${said}</ul>`
}

/** @param {string} work @param {Judged[]} figures */
function tableOf(work, figures) {
  const most = Math.max(...figures.map(({ median }) => median))
  const rows = figures.map(({ subject, median, min, max, unit, fencepost }) => {
    const share = most > 0 ? Math.max(1, Math.round((median / most) * 100)) : 1
    const range = min === max ? '' : `${show(min)} .. ${show(max)}`
    const beside = fencepost.map(({ is, wanted, met }) => {
      const text = wanted === '' ? is : `${is} (${wanted} wanted)`
      return `<span class="${met === 'no' ? 'unmet' : ''}">${escape(text)}</span>`
    })
    return `<tr class="${subject === 'fencepost' ? 'own' : ''}"><th scope="row">${escape(subject)}</th><td class="bar"><div style="width:${share}%"></div></td><td class="number">${show(median)} ${escape(unit)}</td><td class="number">${range}</td><td>${beside.join('<br>')}</td></tr>`
  })
  const head = '<tr><th>subject</th><th></th><th>median</th><th>min .. max</th><th>fencepost is</th></tr>'
  return `<h3>${escape(work)}</h3><div class="scroll"><table><thead>${head}</thead><tbody>${rows.join('')}</tbody></table></div>`
}

/** @param {string} text */
function escape(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

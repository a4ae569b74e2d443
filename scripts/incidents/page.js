const BLOCK = /(<!-- transcript: ([\w-]+) -->\n+```[^\n]*\n)([\s\S]*?)(^```$)/gm

/**
 * The page with the transcripts of its incidents in it.
 *
 * @param {string} page
 * @param {ReadonlyMap<string, string>} transcripts by the names the page gives them
 * @throws {Error} for an incident that was not played, or that has no place in the page
 */
export function fillPage(page, transcripts) {
  const names = [...page.matchAll(BLOCK)].map(([, , name]) => name)
  const lost = [...transcripts.keys()].filter((name) => !names.includes(name))
  if (lost.length > 0) throw new Error(`the page has no place for ${lost.join(', ')}`)
  return page.replace(BLOCK, (_, head, name, __, tail) => {
    const transcript = transcripts.get(name)
    if (transcript === undefined) throw new Error(`nobody plays ${name}`)
    return `${head}${transcript.trimEnd()}\n${tail}`
  })
}

/**
 * The transcripts a page shows, by name.
 *
 * @param {string} page
 * @returns {Map<string, string>}
 */
export function readPage(page) {
  return new Map([...page.matchAll(BLOCK)].map(([, , name = '', text = '']) => [name, text]))
}

/**
 * What is left of a transcript when numbers, ages and the width of columns are taken out: two runs differ in nothing else.
 *
 * @param {string} transcript
 */
export function shapeOf(transcript) {
  const lines = transcript.trimEnd().split('\n')
  return lines.map((line) =>
    line
      .replaceAll(/\b\d+[dhm] \d\d[hms]\b|\b\d+(\.\d+)? m?s\b/g, '<age>')
      .replaceAll(/\d[\d,.]*/g, '<n>')
      .replaceAll(/ +/g, ' ')
      .trimEnd(),
  )
}

const ASCII = /^[ -~]*$/
// East Asian wide and full-width signs (Unicode TR 11), and signs that are shown as pictures.
const WIDE =
  /^(?:\p{Emoji_Presentation}|[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18d08}\u{1b000}-\u{1b2fb}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}])|\ufe0f/u
const ONLY_MARKS = /^\p{M}+$/u
const ELLIPSIS = '…'

let segmenter: Intl.Segmenter | undefined

/** How many columns of a terminal a line takes. It has gone through `visible`. */
export function textWidth(text: string): number {
  if (ASCII.test(text)) return text.length
  return signsOf(text).reduce((width, sign) => width + signWidth(sign), 0)
}

/** The text in at most so many columns; what does not fit is cut at the end, which then is `…`. */
export function cut(text: string, width: number): string {
  if (textWidth(text) <= width) return text
  if (width < 1) return ''
  let taken = 0
  let kept = ''
  for (const sign of signsOf(text)) {
    taken += signWidth(sign)
    if (taken > width - 1) break
    kept += sign
  }
  return kept + ELLIPSIS
}

/** The text, cut or filled up to exactly so many columns. */
export function fit(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const short = cut(text, width)
  const space = ' '.repeat(Math.max(0, width - textWidth(short)))
  return align === 'left' ? short + space : space + short
}

/** As a reader counts them: a letter with its accents is one. */
function signsOf(text: string): string[] {
  segmenter ??= new Intl.Segmenter()
  return Array.from(segmenter.segment(text), ({ segment }) => segment)
}

function signWidth(sign: string): number {
  if (ONLY_MARKS.test(sign)) return 0
  return WIDE.test(sign) ? 2 : 1
}

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { fillPage, readPage, shapeOf } from '../incidents/page.js'
import { PAGE } from '../incidents.js'

const { playAll, whyNot } = await import('../incidents/play-all.js')
const missing = await whyNot()
if (missing !== null) console.warn(`skipped: the incidents of docs/3am.md are not played: ${missing}`)

test.skipIf(missing !== null)(
  'the incidents of docs/3am.md come and go as it shows them; if not, npm run incidents',
  async () => {
    const shown = readPage(readFileSync(PAGE, 'utf8'))
    const played = await playAll()
    expect([...shown.keys()].toSorted()).toEqual([...played.keys()].toSorted())
    for (const [name, transcript] of played) expect(shapeOf(shown.get(name) ?? ''), name).toEqual(shapeOf(transcript))
  },
)

test('what differs between two runs is no difference of their shape, and everything else is', () => {
  const line = 'report: held for 3m 12s, 1 waits   backend 4711'
  expect(shapeOf(line)).toEqual(shapeOf('report: held for 85 ms, 1 waits backend 12'))
  expect(shapeOf('1,024 jobs')).toEqual(shapeOf('3 jobs'))
  expect(shapeOf(line)).not.toEqual(shapeOf(line.replace('waits', 'wait')))
})

test('a page takes each transcript at its place, and one without a place is told', () => {
  const page = 'a\n<!-- transcript: one -->\n```\nold\n```\nb\n'
  expect(fillPage(page, new Map([['one', '$ new\n']]))).toBe(page.replace('old', '$ new'))
  expect(() => fillPage(page, new Map([['two', '']]))).toThrow('the page has no place for two')
  expect(() => fillPage(page, new Map())).toThrow('nobody plays one')
})

import { execFile, execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { htmlReport } from '../src/report/html/page.ts'
import { againBy, type Result } from '../src/report/result.ts'
import { judgeCell } from '../src/verdict/judge-cell.ts'
import { REFUSED, round, twice } from './history.ts'

const BROWSER_FOLDER = new URL('browser/', import.meta.url)

/** Of one lock that paid twice and one that was fenced, and of text that must not become markup. */
const RESULT: Result = {
  version: 1,
  date: '2026-11-30T12:00:00.000Z',
  seconds: 12,
  machine: '2 cores',
  versions: ['Node <20>'],
  ttlMs: 2000,
  partitionsBy: null,
  firstSeed: 1,
  isComplete: true,
  contenders: ['unfenced', 'fenced'].map((name) => ({
    name,
    about: '<script>document.title = "run"</script>',
    isFenced: name === 'fenced',
    settings: { ttl: '2000 ms' },
  })),
  faults: [{ name: 'freeze', about: 'SIGSTOP' }],
  cells: [
    judgeCell([{ ...twice(), contender: 'unfenced' }]),
    judgeCell([round({ contender: 'fenced' })]),
    judgeCell([round({ contender: 'fenced', fault: 'kill', events: REFUSED.filter(({ who }) => who !== 'B') })]),
  ],
  notTried: [{ contender: 'etcd', why: 'not installed' }],
  surprises: [],
  rounds: [{ ...twice(), contender: 'unfenced' }, round({ contender: 'fenced' })].map((one) => ({
    ...one,
    again: againBy('npx fencepost lab', one.contender, one),
  })),
}

const page = htmlReport(RESULT)
const folder = await mkdtemp(join(tmpdir(), 'fencepost-lab-page-'))
afterAll(() => rm(folder, { recursive: true }))

test('the page loads nothing and runs nothing, and text stays text', () => {
  expect(page).not.toMatch(/<script|<link(?! rel="icon" href="data:,")|src=|@import|url\(/)
  expect(page).toContain('&lt;script&gt;')
})

test('each contender is drawn by the round that tells most of it', () => {
  expect(page).toMatch(/unfenced, freeze:after-check: paid 2 times, 1 update lost/)
  expect(page).toMatch(/fenced, freeze:after-check: the stale write was refused, paid once/)
  expect(page).toContain('npx fencepost lab --contender unfenced --fault freeze:after-check --seed 1 --rounds 1')
})

/** The part of playwright's that is used here; it is not always installed. */
interface Browser {
  newPage(options: object): Promise<Page>
  close(): Promise<void>
}
interface Page {
  on(event: 'console', listener: (message: { text(): string }) => void): void
  on(event: 'pageerror', listener: (error: Error) => void): void
  on(event: 'request', listener: (request: { url(): string }) => void): void
  goto(url: string): Promise<unknown>
  title(): Promise<string>
  evaluate<T>(code: string): Promise<T>
}

const CHROMIUM = findChromium()
const wanting = CHROMIUM === null ? 'there is no chromium (Debian: apt-get install chromium)' : await install()
if (wanting !== '') console.warn(`skipped: the page of the lab in a browser: ${wanting}`)

test.skipIf(wanting !== '').each(['light', 'dark'])(
  'in a real browser, %s, all of it can be read',
  async (colorScheme) => {
    const { chromium } = createRequire(fileURLToPath(BROWSER_FOLDER))('playwright-core') as {
      chromium: { launch(options: object): Promise<Browser> }
    }
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
    try {
      const file = join(folder, `${colorScheme}.html`)
      await writeFile(file, page)
      const tab = await browser.newPage({ colorScheme, viewport: { width: 1000, height: 800 } })
      const complaints: string[] = []
      tab.on('console', (message) => complaints.push(message.text()))
      tab.on('pageerror', (error) => complaints.push(error.message))
      tab.on('request', (request) => request.url().startsWith('http') && complaints.push(request.url()))
      await tab.goto(pathToFileURL(file).href)
      expect(complaints).toEqual([])
      expect(await tab.title()).toBe('Locks under faults')
      const { contrasts, ...seen } = await tab.evaluate<{ contrasts: number[] }>(LOOK)
      expect(seen).toEqual({
        drawings: 2,
        isWide: false,
        landed: 3,
        refused: 1,
        paidTwice: ['1/1'],
        stuck: 1,
        labelsOutside: 0,
      })
      // WCAG AA of text.
      expect(Math.min(...contrasts)).toBeGreaterThanOrEqual(4.5)
    } finally {
      await browser.close()
    }
  },
)

/** Runs in the page. */
const LOOK = `(() => {
  const channel = (value) => (value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  const luminance = (color) => {
    const [r, g, b] = color.match(/[\\d.]+/g).map(Number).map(channel)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor
      if (!/, 0\\)$|transparent/.test(color)) return color
    }
  }
  const contrast = (element) => {
    const own = getComputedStyle(element)
    const [one, other] = [luminance(element.closest('svg') ? own.fill : own.color), luminance(ground(element))]
    return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)
  }
  const texts = [...document.querySelectorAll('h1, p, td b, td small, th, figcaption, svg text')]
  const outside = [...document.querySelectorAll('svg text')].filter((text) => {
    const [own, around] = [text.getBoundingClientRect(), text.closest('svg').getBoundingClientRect()]
    return own.left < around.left - 1 || own.right > around.right + 1 || own.bottom > around.bottom + 1
  })
  return {
    drawings: document.querySelectorAll('figure svg').length,
    isWide: document.documentElement.scrollWidth > innerWidth,
    landed: document.querySelectorAll('svg circle').length,
    refused: document.querySelectorAll('svg .cross').length,
    paidTwice: [...document.querySelectorAll('td.bad b')].map((cell) => cell.textContent),
    stuck: document.querySelectorAll('td.stuck').length,
    labelsOutside: outside.length,
    contrasts: texts.map(contrast),
  }
})()`

async function install(): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(new URL('install.js', BROWSER_FOLDER))])
  return stdout.trim()
}

function findChromium(): string | null {
  try {
    return execFileSync('sh', ['-c', 'command -v chromium || command -v chromium-browser'], { encoding: 'utf8' }).trim()
  } catch {
    return null
  }
}

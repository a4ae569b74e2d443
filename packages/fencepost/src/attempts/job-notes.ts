import { asError } from '../ground/as-error.ts'
import { isUnstorable } from '../results/stored-result.ts'
import { describeFailure } from '../postgres/driver-error.ts'
import { Batch } from '../sessions/batch.ts'
import { StaleJobError } from './job-errors.ts'
import type { Claimed, Desk } from './claimed.ts'

interface Note {
  readonly job: Claimed
  text: string
}

/** How far a job is, until it is sent. */
interface Mark extends Note {
  readonly noted: Promise<Answer>
}

/** Whether the job was still of this attempt, or why the note could not be stored. */
type Answer = boolean | Error

const MOST_NOTES = 500
const MOST_PROGRESS_BYTES = 64 * 1024
const MOST_LINE_BYTES = 8 * 1024
/** Of a UTF-16 unit in UTF-8. */
const MOST_BYTES_OF_UNIT = 3

/** What the running jobs of one worker say of themselves: what is said in one tick travels in one statement. */
export class JobNotes {
  readonly #desk: Desk
  readonly #lines: Batch<Note, Answer>
  readonly #progress: Batch<Note, Answer>
  readonly #marks = new Map<Claimed, Mark>()

  /** Those of the worker that a desk is of. */
  static of(desk: Desk): JobNotes {
    let notes = known.get(desk.session)
    if (notes === undefined) known.set(desk.session, (notes = new JobNotes(desk)))
    return notes
  }

  private constructor(desk: Desk) {
    this.#desk = desk
    this.#lines = new Batch((notes) => this.#send(notes, LOG_LINES))
    this.#progress = new Batch((notes) => {
      // What is said from here on is a note of its own.
      for (const { job } of notes) this.#marks.delete(job)
      return this.#send(notes, NOTE_PROGRESS)
    })
  }

  /** @throws {StaleJobError} if the job was taken over: the line is in no log. */
  async log(job: Claimed, line: string): Promise<void> {
    await this.#heed(job, this.#lines.ask({ job, text: cutLine(line) }))
  }

  /**
   * Once it is noted, or was overtaken by a later one that is.
   *
   * @throws {StaleJobError} if the job was taken over.
   * @throws {TypeError} for what JSON cannot carry.
   */
  async progress(job: Claimed, value: unknown): Promise<void> {
    const text = encodeProgress(value)
    const waiting = this.#marks.get(job)
    if (waiting !== undefined) {
      waiting.text = text
      return await this.#heed(job, waiting.noted)
    }
    const note = { job, text }
    const noted = this.#progress.ask(note)
    this.#marks.set(job, Object.assign(note, { noted }))
    await this.#heed(job, noted)
  }

  async #heed(job: Claimed, asked: Promise<Answer>): Promise<void> {
    const { origin, schema, session } = this.#desk
    try {
      const answer = await asked
      if (answer instanceof Error) throw answer
      if (answer) return
      const fate = await session.ask('select fencepost.job_fate($1)', [String(job.id)], 'job_fate')
      throw new StaleJobError(job, fate ?? '')
    } catch (error) {
      throw describeFailure(error, { where: origin.where, schema })
    }
  }

  /** What there is no room for is asked for again. */
  async #send(notes: readonly Note[], statement: Statement): Promise<(Answer | undefined)[]> {
    const sent = notes.slice(0, MOST_NOTES)
    try {
      return await this.#ask(sent, statement)
    } catch (error) {
      if (!isUnstorable(error)) throw error
      if (sent.length === 1) return [unstorable(error)]
    }
    // What the server cannot store is that job's own trouble.
    const answers: (Answer | undefined)[] = []
    for (const note of sent) answers.push(...(await this.#send([note], statement)))
    return answers
  }

  async #ask(notes: readonly Note[], { text, name }: Statement): Promise<(boolean | undefined)[]> {
    const values = [notes.map(({ job }) => job.id), notes.map(({ job }) => job.token), notes.map((note) => note.text)]
    const [row] = await this.#desk.session.query<{ answers: string }>(text, values, name)
    return readBooleans(row?.answers ?? '{}')
  }
}

const known = new WeakMap<Desk['session'], JobNotes>()

interface Statement {
  readonly name: string
  readonly text: string
}

const LOG_LINES = { name: 'log_lines', text: 'select fencepost.log_lines($1, $2, $3) as answers' }
const NOTE_PROGRESS = { name: 'note_progress', text: 'select fencepost.note_progress($1, $2, $3) as answers' }

/** Null as undefined, which has a `Batch` ask again. */
function readBooleans(array: string): (boolean | undefined)[] {
  return array
    .slice(1, -1)
    .split(',')
    .map((text) => (text === 'NULL' ? undefined : text === 't'))
}

function encodeProgress(value: unknown): string {
  const text = stringify(value ?? null) ?? 'null'
  const bytes = Buffer.byteLength(text)
  if (bytes <= MOST_PROGRESS_BYTES) return text
  throw new TypeError(`the progress is ${bytes} bytes of JSON; at most ${MOST_PROGRESS_BYTES} are noted`)
}

function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch (cause) {
    throw new TypeError(`the progress cannot be written as JSON: ${String(cause)}`, { cause })
  }
}

/** At a whole character, and without NUL, which PostgreSQL has no text for. */
function cutLine(line: string): string {
  const fits = line.length * MOST_BYTES_OF_UNIT <= MOST_LINE_BYTES
  const { read } = fits ? { read: line.length } : new TextEncoder().encodeInto(line, new Uint8Array(MOST_LINE_BYTES))
  return line.slice(0, read).replaceAll('\0', '\uFFFD')
}

function unstorable(cause: unknown): TypeError {
  return new TypeError(`what the job noted cannot be stored: ${asError(cause).message}`, { cause })
}

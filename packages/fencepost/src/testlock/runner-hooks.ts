type Act = () => Promise<void>

/** What a runner calls around the tests of a file: `beforeAll` and `afterAll` of vitest and jest, or `before` and `after` of `node:test`. */
export interface RunnerHooks {
  readonly beforeAll?: (act: Act, timeoutMs?: number) => unknown
  readonly afterAll?: (act: Act, timeoutMs?: number) => unknown
  readonly before?: (act: Act, options?: { timeout?: number }) => unknown
  readonly after?: (act: Act, options?: { timeout?: number }) => unknown
  readonly beforeEach?: (act: Act) => unknown
  readonly afterEach?: (act: Act) => unknown
}

/** What is to be done around the tests of a file. */
export interface Around {
  /** How long the first may take. */
  readonly patienceMs: number
  start: Act
  end: Act
  /** Before each test, and after it. */
  check: Act
}

/**
 * Has a runner call it. Where it knows nothing of single tests, only the end is checked.
 *
 * @throws {TypeError} if there is no runner whose hooks can be found.
 */
export function hookInto(given: RunnerHooks | undefined, { patienceMs, start, end, check }: Around): void {
  const hooks = given ?? findHooks()
  if (typeof hooks.beforeAll === 'function' && typeof hooks.afterAll === 'function') {
    hooks.beforeAll(start, patienceMs)
    hooks.afterAll(end)
  } else if (typeof hooks.before === 'function' && typeof hooks.after === 'function') {
    hooks.before(start, { timeout: patienceMs })
    hooks.after(end)
  } else {
    throw new TypeError('hooks must have beforeAll and afterAll, or before and after')
  }
  hooks.beforeEach?.(check)
  hooks.afterEach?.(check)
}

function findHooks(): RunnerHooks {
  const globals = globalThis as RunnerHooks
  if (typeof globals.beforeAll === 'function') return globals
  if (process.env['VITEST'] !== undefined) {
    throw new TypeError(
      'testLock() finds no beforeAll: vitest offers none as a global unless test.globals is set. ' +
        "Pass it: import * as hooks from 'vitest'; testLock(name, { hooks })",
    )
  }
  // Not imported: to ask a runner for its hooks where it does not run would start it.
  if (process.env['NODE_TEST_CONTEXT'] !== undefined) return process.getBuiltinModule('node:test')
  throw new TypeError(
    'testLock() finds no beforeAll and afterAll: it is for the top of a test file. Started without a runner, as by `node file.test.js`, pass ' +
      "them: import * as hooks from 'node:test'; testLock(name, { hooks })",
  )
}

import type { Mode } from '../ground/mode.ts'

interface Granted {
  readonly mode: Mode
  readonly token: string | number | null
}

/** By their age, which is measured to some ms; among those held alone the tokens tell, which rise. What is too young to be written down comes last. */
export function inOrderOfGrants<Lock extends Granted>(
  locks: readonly Lock[],
  ageOf: (lock: Lock) => number | null,
): Lock[] {
  const aged = locks.toSorted((one, other) => (ageOf(other) ?? 0) - (ageOf(one) ?? 0))
  const alone = aged
    .filter(isHeldAlone)
    .toSorted((one, other) => Number(one.token) - Number(other.token))
    .values()
  return aged.map((lock) => (isHeldAlone(lock) ? (alone.next().value ?? lock) : lock))
}

function isHeldAlone({ mode, token }: Granted): boolean {
  return mode === 'exclusive' && token !== null
}

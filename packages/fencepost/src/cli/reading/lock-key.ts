import type { Command } from 'commander'
import type { ForeignKey, SeenLock } from '../../index.ts'
import { keyOf } from '../../ground/key.ts'
import { checkName, checkNamespace } from '../../ground/name.ts'
import { CommandError, ExitCode } from '../exit-code.ts'
import { keyText } from './lock-words.ts'

/** How a lock is named on the command line. */
export interface LockNaming {
  readonly namespace: string
  readonly key?: string
}

/** What is asked for: its keys, and what to call it. */
export interface AskedLock {
  readonly title: string
  readonly key: bigint | readonly [number, number]
  /** Null if a key was given. */
  readonly name: string | null
}

const NUMBERS = /^(-?\d{1,20})(?:,(-?\d{1,11}))?$/

/** `[name]` and `--key`, of which one has to be given. */
export function lockNaming(command: Command): Command {
  return command
    .argument('[name]', 'the name of a lock')
    .option('--key <numbers>', "the advisory key of another program's lock instead: 72707369, or 1,2 for a pair")
}

/** @throws {CommandError} unless one of both is given. @throws {TypeError} for what cannot be a name or a key. */
export async function askedLock(name: string | undefined, { namespace, key }: LockNaming): Promise<AskedLock> {
  if ((name === undefined) === (key === undefined)) {
    throw new CommandError('give the name of a lock, or --key', ExitCode.usage)
  }
  if (name !== undefined) {
    checkName(name)
    checkNamespace(namespace)
    return { title: name, key: keyOf(name, namespace), name }
  }
  const [, first, second] = NUMBERS.exec(key ?? '') ?? []
  if (first === undefined)
    throw new CommandError(`--key must be 72707369, or 1,2 for a pair; got ${key}`, ExitCode.usage)
  const { key: make } = await import('../../index.ts')
  const made = second === undefined ? make.int8(BigInt(first)) : make.int4(Number(first), Number(second))
  return { title: `key ${keyText(numbersOf(made))}`, key: numbersOf(made), name: null }
}

export function isSameKey(one: SeenLock['key'], other: SeenLock['key']): boolean {
  return keyText(one) === keyText(other)
}

function numbersOf({ int8, int4 }: ForeignKey): bigint | readonly [number, number] {
  return int4 ?? int8 ?? 0n
}

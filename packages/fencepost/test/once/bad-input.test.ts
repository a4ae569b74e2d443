import { fencepost } from 'fencepost'
import { Client, Pool } from 'pg'
import { expect, test } from 'vitest'

const fp = fencepost('postgres://nobody@127.0.0.1:1/none')
const work = () => {}

test.each<[why: string, key: unknown, options: object, says: RegExp]>([
  ['an empty key', '', {}, /a once-key must not be empty/],
  ['a key that is no text', 42, {}, /a once-key must be a string; got number/],
  ['a key that is too long', 'x'.repeat(1025), {}, /a once-key must not be longer than 1024 bytes/],
  ['an unknown option', 'a', { ttl: '5s' }, /unknown option 'ttl'; there are wait, signal, retention/],
  ['a wait without a unit', 'a', { wait: 5 }, /wait must be a duration/],
  ['a wait that no timer takes', 'a', { wait: '25d' }, /at most 24 days/],
  ['no retention at all', 'a', { retention: '0s' }, /retention must be at least '1s'/],
  ['a retention of more than a century', 'a', { retention: '36501d' }, /at most 36500 days/],
  ['a signal that is none', 'a', { signal: {} }, /must be an AbortSignal/],
  ['a boolean for onFailed', 'a', { onFailed: true }, /onFailed must be 'throw' or 'retry'/],
  ['a word for onUncertain', 'a', { onUncertain: 'again' }, /onUncertain must be 'throw' or 'retry'/],
  ['a word for transaction', 'a', { transaction: 'yes' }, /an open transaction of one of these is needed/],
  ['null for transaction', 'a', { transaction: null }, /an open transaction of one of these is needed/],
  ['a pool for transaction', 'a', { transaction: new Pool() }, /it got a pool/],
  [
    'an isolation of a transaction of the caller',
    'a',
    { transaction: new Client(), isolation: 'serializable' },
    /isolation is for/,
  ],
  ['an isolation without a transaction', 'a', { isolation: 'serializable' }, /isolation is for/],
  ['an unknown isolation', 'a', { transaction: true, isolation: 'none' }, /isolation must be one of/],
])('P7: once with %s is a TypeError, before anything is sent', async (_, key, options, says) => {
  const call = fp.once(key as string, options, work)
  await expect(call).rejects.toThrow(TypeError)
  await expect(call).rejects.toThrow(says)
})

test('P7: once without a function is a TypeError', async () => {
  await expect(fp.once('a', undefined as never)).rejects.toThrow(/needs a function/)
  await expect(fp.once('a', {}, undefined as never)).rejects.toThrow(/needs a function/)
  await expect(fp.once('a', 5 as never, work)).rejects.toThrow(/options must be an object/)
})

test.each<[why: string, settlement: unknown, says: RegExp]>([
  ['no settlement', null, /must be|settlement/],
  ['no key', { as: 'done' }, /a once-key must be a string/],
  ['no such state', { key: 'a', as: 'uncertain' }, /as must be 'done', 'failed' or 'retry'/],
  ['an unknown member', { key: 'a', as: 'done', results: 5 }, /unknown 'results'/],
  ['a result of what failed', { key: 'a', as: 'failed', result: 5 }, /a result is for as: 'done'/],
  ['an error of what is done', { key: 'a', as: 'done', error: 'x' }, /error is a text, for as: 'failed'/],
  ['an error that is no text', { key: 'a', as: 'failed', error: new Error('x') }, /error is a text/],
  ['a retention of what is to be retried', { key: 'a', as: 'retry', retention: '1d' }, /retention is for/],
  ['a result that JSON cannot carry', { key: 'a', as: 'done', result: 1n }, /BigInt/],
])('P7: to reconcile with %s is a TypeError, before anything is sent', async (_, settlement, says) => {
  const call = fp.reconcile(settlement as never)
  await expect(call).rejects.toThrow(TypeError)
  await expect(call).rejects.toThrow(says)
})

test.each(['1s', '30d', '400d', '36500d'] as const)('a retention of %s is understood', async (retention) => {
  const signal = AbortSignal.abort(new Error('asked'))
  await expect(fp.once('a', { retention, signal }, work)).rejects.toThrow('asked')
})

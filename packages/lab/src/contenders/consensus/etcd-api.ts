/** Of all calls together: each has some of it. */
interface Answer {
  readonly ID?: string
  readonly key?: string
  readonly result?: { readonly TTL?: string }
  readonly kvs?: readonly { readonly value: string; readonly create_revision: string }[]
  readonly succeeded?: boolean
  readonly message?: string
  readonly error?: unknown
}

/** etcd's JSON over HTTP: bytes are base64, 64-bit numbers are strings. */
export class EtcdApi {
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  /** `seconds`: as a server may give more than is asked for, it says what it gave. */
  async grantLease(seconds: number): Promise<string> {
    return (await this.#post('/v3/lease/grant', { TTL: seconds })).ID ?? ''
  }

  /** @returns whether the lease still lives */
  async keepAlive(lease: string): Promise<boolean> {
    const { result } = await this.#post('/v3/lease/keepalive', { ID: lease })
    return Number(result?.TTL ?? 0) > 0
  }

  async revoke(lease: string): Promise<void> {
    await this.#post('/v3/lease/revoke', { ID: lease })
  }

  /** etcd's own lock service. Waits. @returns the key that stands for being the holder */
  async lock(name: string, lease: string): Promise<string> {
    return decode((await this.#post('/v3/lock/lock', { name: encode(name), lease })).key ?? '')
  }

  async unlock(key: string): Promise<void> {
    await this.#post('/v3/lock/unlock', { key: encode(key) })
  }

  /** The revision at which a key was made; null if it is gone. */
  async createRevision(key: string): Promise<string | null> {
    const { kvs = [] } = await this.#post('/v3/kv/range', { key: encode(key) })
    return kvs[0]?.create_revision ?? null
  }

  /** Writes if a key is still the one that was made at this revision, in one transaction. @returns whether it was */
  async putWhile(lock: { key: string; revision: string }, key: string, value: string): Promise<boolean> {
    const { succeeded = false } = await this.#post('/v3/kv/txn', {
      compare: [{ target: 'CREATE', result: 'EQUAL', key: encode(lock.key), create_revision: lock.revision }],
      success: [{ request_put: { key: encode(key), value: encode(value) } }],
    })
    return succeeded
  }

  /** Values of all keys that begin so, in the order in which they were made. */
  async valuesOf(prefix: string): Promise<string[]> {
    const end = prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)
    const range = { key: encode(prefix), range_end: encode(end), sort_target: 'CREATE', sort_order: 'ASCEND' }
    const { kvs = [] } = await this.#post('/v3/kv/range', range)
    return kvs.map(({ value }) => decode(value))
  }

  async #post(path: string, body: object): Promise<Answer> {
    const response = await fetch(this.#url + path, { method: 'POST', body: JSON.stringify(body) })
    const answer = (await response.json()) as Answer
    if (!response.ok || answer.error) throw new Error(`etcd ${path}: ${answer.message ?? JSON.stringify(answer.error)}`)
    return answer
  }
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64')
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString()
}

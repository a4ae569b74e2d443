/** What a process of ours knows of a lock it holds, before that is written down. */
export interface Held {
  readonly key: bigint
  readonly namespace: string
  readonly name: string
  /** Of the session that holds it. */
  readonly backend: number
}

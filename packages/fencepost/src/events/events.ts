import { type Channel, channel } from 'node:diagnostics_channel'
import type { LockEvents, OfHeld, OfLock } from './lock-events.ts'

type EventName = keyof LockEvents
type Listener = (event: never) => void

// Kept here: a channel that nobody refers to is forgotten.
const CHANNELS: Record<EventName, Channel> = {
  waiting: channel('fencepost:waiting'),
  acquired: channel('fencepost:acquired'),
  released: channel('fencepost:released'),
  lost: channel('fencepost:lost'),
  refused: channel('fencepost:refused'),
}

/**
 * Tells what happens to the locks of one instance: to its own listeners, and on `node:diagnostics_channel` to whoever
 * watches the process. Nothing is made while nobody listens, and nobody who listens can break a lock: what is thrown
 * there becomes an uncaught exception after the call it came from.
 */
export class Events {
  readonly #listeners: Record<EventName, Set<{ readonly listener: Listener }>> = {
    waiting: new Set(),
    acquired: new Set(),
    released: new Set(),
    lost: new Set(),
    refused: new Set(),
  }

  /** Calls back at each event of this instance until the subscription is disposed of. */
  on<E extends EventName>(event: E, listener: (event: LockEvents[E]) => void): Disposable {
    if (!Object.hasOwn(CHANNELS, event)) {
      throw new TypeError(`unknown event '${event}'; there are ${Object.keys(CHANNELS).join(', ')}`)
    }
    if (typeof listener !== 'function') throw new TypeError(`a listener must be a function; got ${typeof listener}`)
    const subscription = { listener }
    const listeners = this.#listeners[event].add(subscription)
    return { [Symbol.dispose]: () => void listeners.delete(subscription) }
  }

  waiting({ name, namespace, mode }: OfLock): void {
    if (this.isHeard('waiting')) this.#tell('waiting', { name, namespace, mode })
  }

  acquired({ name, namespace, mode, token }: OfHeld, waitedMs: number): void {
    if (this.isHeard('acquired')) this.#tell('acquired', { name, namespace, mode, token, waitedMs })
  }

  released({ name, namespace, mode, token }: OfHeld, heldMs: number): void {
    if (this.isHeard('released')) this.#tell('released', { name, namespace, mode, token, heldMs })
  }

  lost({ name, namespace, mode, token }: OfHeld, heldMs: number, cause: Error): void {
    if (this.isHeard('lost')) this.#tell('lost', { name, namespace, mode, token, heldMs, cause })
  }

  refused({ name, namespace, mode, token }: OfHeld, cause: Error): void {
    if (this.isHeard('refused')) this.#tell('refused', { name, namespace, mode, token, cause })
  }

  /** Whether anybody listens: for what costs something to find out. */
  isHeard(event: EventName): boolean {
    return CHANNELS[event].hasSubscribers || this.#listeners[event].size > 0
  }

  #tell<E extends EventName>(name: E, event: LockEvents[E]): void {
    CHANNELS[name].publish(event)
    // Those of now: a listener may subscribe another, and dispose of itself.
    for (const { listener } of Array.from(this.#listeners[name])) {
      try {
        ;(listener as (event: LockEvents[E]) => void)(event)
      } catch (error) {
        // As the channels do with their subscribers.
        process.nextTick(() => {
          throw error
        })
      }
    }
  }
}

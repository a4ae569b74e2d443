import type { WaitGraph, WaitNode } from '../../index.ts'
import { paint } from '../paint.ts'
import { age } from '../show/age.ts'
import { cut } from '../show/text-width.ts'
import { visible } from '../show/visible.ts'
import { doingText, whoText } from './lock-words.ts'

export interface DrawOptions {
  /** Of the terminal. */
  readonly width: number
  /** How many of those who wait for one are drawn; the others are counted. */
  readonly most: number
}

interface Pen extends DrawOptions {
  readonly nodes: ReadonlyMap<string, WaitNode>
  readonly waiters: ReadonlyMap<string, readonly WaitNode[]>
  readonly drawn: Set<string>
}

/**
 * The graph as trees: below everybody stand those who wait for it. Whoever waits for several stands below each, and those who wait for
 * it in turn below the first of them only. Rings come first, as nothing in them ends by itself.
 */
export function drawWaits(graph: WaitGraph, options: DrawOptions): string[] {
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]))
  const pen = { ...options, nodes, waiters: waitersOf(graph), drawn: new Set<string>() }
  const rings = graph.rings.flatMap((ring) => drawRing(ring, pen))
  const roots = graph.roots.flatMap((id) => drawTree(id, pen))
  return [...rings, ...roots]
}

/** In their order: by their places in a line, else the longest first. */
function waitersOf({ nodes }: WaitGraph): Map<string, WaitNode[]> {
  const waiters = new Map<string, WaitNode[]>()
  for (const node of nodes) for (const id of node.blockedBy) waiters.set(id, [...(waiters.get(id) ?? []), node])
  for (const own of waiters.values()) {
    own.sort((one, other) => rank(one) - rank(other) || (other.waitedMs ?? 0) - (one.waitedMs ?? 0))
  }
  return waiters
}

function rank({ position }: WaitNode): number {
  return position ?? 0
}

function drawRing(ring: readonly string[], pen: Pen): string[] {
  const members = ring.flatMap((id) => pen.nodes.get(id) ?? [])
  const title = `ring: these ${members.length} wait for each other, and nothing ends that by itself`
  const lines = members.flatMap((node) => {
    pen.drawn.add(node.id)
    return [`↻ ${nodeText(node)}`, ...drawWaiters(node.id, '  ', { ...pen, nodes: without(pen.nodes, ring) })]
  })
  return [paint(['bold', 'red'], cut(title, pen.width), process.stdout), ...lines.map((line) => cut(line, pen.width))]
}

function without(nodes: ReadonlyMap<string, WaitNode>, ids: readonly string[]): Map<string, WaitNode> {
  return new Map([...nodes].filter(([id]) => !ids.includes(id)))
}

function drawTree(id: string, pen: Pen): string[] {
  const node = pen.nodes.get(id)
  if (node === undefined) return []
  pen.drawn.add(id)
  const title = `● ${nodeText(node)}`
  const below = drawWaiters(id, '', pen).map((line) => cut(line, pen.width))
  return [paint('bold', cut(title, pen.width), process.stdout), ...below]
}

function drawWaiters(id: string, indent: string, pen: Pen): string[] {
  const all = (pen.waiters.get(id) ?? []).filter((node) => pen.nodes.has(node.id))
  const shown = all.slice(0, pen.most)
  const more = all.length - shown.length
  const lines = shown.flatMap((node, i) => {
    const isLast = i === shown.length - 1 && more === 0
    const isFirstTime = !pen.drawn.has(node.id)
    pen.drawn.add(node.id)
    const line = `${indent}${isLast ? '└─ ' : '├─ '}${nodeText(node)}${isFirstTime ? '' : ' (see above)'}`
    const below = isFirstTime ? drawWaiters(node.id, `${indent}${isLast ? '   ' : '│  '}`, pen) : []
    return [line, ...below]
  })
  return more === 0 ? lines : [...lines, `${indent}└─ … and ${more} more`]
}

/** Who, since when it waits for what, what others wait for it to let go of, and what it does. */
function nodeText(node: WaitNode): string {
  const { waitsFor, waitedMs, position, mode, holds, blocks, alsoWaitsFor, id } = node
  const place = position === null ? '' : `, place ${position}`
  const wait = waitsFor === null ? '' : `waits ${age(waitedMs) ?? ''} for ${waitsFor} (${mode}${place})`
  const parts = [
    id === 'prepared' ? (node.application ?? '') : whoText(node),
    holds.length === 0 ? '' : `${waitsFor === null ? `blocks ${blocks}: ` : ''}holds ${holds.join(', ')}`,
    wait,
    alsoWaitsFor.length === 0 ? '' : `its process waits for ${alsoWaitsFor.join(', ')}`,
    position === null ? ownDoing(node) : '',
  ]
  return visible(
    parts
      .filter((part) => part !== '')
      .join('; ')
      .replaceAll(/\s+/g, ' '),
  )
}

/** Whom a waiter waits for is drawn already. */
function ownDoing({ doing, process, waitsFor }: WaitNode): string {
  return (
    (doing && doingText({ doing: { ...doing, blockedBy: [], ...(waitsFor !== null && { waits: null }) }, process })) ??
    ''
  )
}

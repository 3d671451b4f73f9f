import { DasllamaError } from '../../errors.js'
import { pacer } from '../../platform/pacer.js'
import {
  intersection,
  type KvType,
  type MemoryRecord,
  PAGE_POSITIONS,
  reachableLength,
  type SequenceMemory,
  type Span,
} from '../memory.js'
import type { KvLayout, LayerOffsets } from './kv-layout.js'
import { type PageArena, PageTable, pageOf } from './pages.js'
import type { Appended } from './recurrent-memory.js'
import type { WasmMemory } from './wasm-memory.js'

/** What a memory needs from its executable. */
export interface MemoryHost {
  readonly arena: PageArena
  /** Whether `move` is possible. */
  canMove(): boolean
  /** Moves `count` positions from `from` to `to`, rotating keys back, in pages that only `memory` holds. */
  move(memory: KvMemory, move: { from: number; to: number; count: number }): Promise<void>
  /** Called for a new fork, and for a disposed memory. */
  adopt(memory: WasmMemory): void
  forget(memory: WasmMemory): void
}

/** Keys and values of one sequence, in pages. */
export class KvMemory implements WasmMemory {
  readonly type: KvType
  readonly kv = this
  readonly layout: KvLayout
  readonly #host: MemoryHost
  /** Positions at the beginning that are kept; if there are any, layers with a window free nothing. */
  readonly #retain: number
  #tables: readonly PageTable[]
  #length = 0
  /** Lengths whose windows are kept: the end of the latest prompt, and the held length. */
  #promptEnd = 0
  #held: number | undefined

  constructor(host: MemoryHost, layout: KvLayout, retain: number) {
    this.#host = host
    this.layout = layout
    this.type = layout.type
    this.#retain = retain
    this.#tables = layout.groups.map((group) => new PageTable(host.arena, group))
  }

  get length(): number {
    return this.#length
  }

  get canShift(): boolean {
    return this.#host.canMove()
  }

  get bytes(): number {
    return this.#tables.reduce((sum, table) => sum + table.bytes, 0)
  }

  /** The pages of each group of layers, for the executable. */
  get tables(): readonly PageTable[] {
    return this.#tables
  }

  /** Allocates pages for `rows` more positions. Throws `OUT_OF_MEMORY`; then, and after a failed pass, call `rollback`. */
  prepare(rows: number): undefined {
    const { length } = this
    for (const table of this.#tables) table.ensureWritable(length, length + rows)
  }

  /** Frees pages after the end. */
  rollback(): void {
    for (const table of this.#tables) table.truncate(pagesFor(this.length))
  }

  /** Appends the rows that have been written after the end. */
  commit({ rows, phase }: Pick<Appended, 'rows' | 'phase'>): void {
    const before = this.#length
    this.#length += rows
    if (phase === 'prefill') this.#promptEnd = this.#length
    // Mostly the windows still begin on the same pages, so nothing can be freed.
    else if (
      !this.layout.groups.some(
        ({ window }) => pageOfWindow(before, window) !== pageOfWindow(this.#length, window),
      )
    )
      return
    this.#releaseUnseen()
  }

  /** All of its pages are needed. */
  relieve(): boolean {
    return false
  }

  get reach(): readonly Span[] {
    let reach: readonly Span[] = [[0, this.length]]
    for (const table of this.#tables) {
      if (table.group.window !== undefined) reach = intersection(reach, reachOf(table, table.group.window))
    }
    return reach
  }

  async truncate(to: number): Promise<number> {
    const length = reachableLength(this.reach, to)
    this.#length = length
    this.#promptEnd = Math.min(this.#promptEnd, length)
    if (this.#held !== undefined && this.#held > length) this.#held = undefined
    this.rollback()
    return length
  }

  hold(): void {
    this.#held = this.length
  }

  release(): void {
    this.#held = undefined
    this.#releaseUnseen()
  }

  async shift(keep: number, count: number): Promise<void> {
    if (!this.canShift) throw cannotRotateBack()
    const { length } = this
    const left = length - count
    const firstPages = this.#tables.map((table) => firstPageAfterShift(table, { keep, count, length }))
    if (firstPages.includes(undefined)) throw cannotShift()
    const made: { table: PageTable; page: number }[] = []
    try {
      for (const [index, table] of this.#tables.entries()) {
        table.unshare(keep, length)
        // Pages that a layer with a window has freed.
        for (let page = Math.max(pageOf(keep), firstPages[index]!); page < pagesFor(left); page++) {
          if (table.has(page)) continue
          table.ensureWritable(page * PAGE_POSITIONS, (page + 1) * PAGE_POSITIONS)
          made.push({ table, page })
        }
      }
    } catch (error) {
      for (const { table, page } of made) table.release(page)
      throw error
    }
    await this.#host.move(this, { from: keep + count, to: keep, count: left - keep })
    this.#length = left
    this.#promptEnd = 0
    this.#held = undefined
    this.rollback()
    // Earlier pages are incomplete, because not all of their positions were held.
    for (const [index, table] of this.#tables.entries()) {
      for (let page = 0; page < firstPages[index]!; page++) table.release(page)
    }
  }

  async fork(): Promise<KvMemory> {
    const fork = new KvMemory(this.#host, this.layout, this.#retain)
    this.#host.adopt(fork)
    await fork.copyFrom(this)
    return fork
  }

  async copyFrom(other: SequenceMemory): Promise<void> {
    const source = other as KvMemory
    const before = this.#tables
    this.#tables = source.#tables.map((table) => table.fork())
    this.#length = source.#length
    this.#promptEnd = source.#promptEnd
    this.#held = undefined
    for (const table of before) table.truncate(0)
  }

  /** The records of the layers with keys and values, in order. */
  async save(): Promise<MemoryRecord[]> {
    const records: MemoryRecord[] = []
    for (const { group, layer } of this.layout.layers) {
      const table = this.#tables[group]
      const first = firstHeld(table, this.length)
      const rows = this.length - first
      const bytes = new Uint8Array(rows * positionBytes(layer))
      for (const part of partsOf(layer, first, this.length)) {
        bytes.set(table.rows(part.page, part.offset, part.rows, part.rowBytes), part.at)
        await pacer.yieldIfDue()
      }
      records.push({ kind: 'kv', first, bytes })
    }
    return records
  }

  async restore(
    records: readonly MemoryRecord[],
    { length, promptEnd = 0 }: { length: number; promptEnd?: number },
  ): Promise<void> {
    this.#check(records, length)
    const tables = this.layout.groups.map((group) => new PageTable(this.#host.arena, group))
    try {
      for (const { group, layer } of this.layout.layers) {
        const { memory } = layer
        const { first, bytes } = records[memory]
        const table = tables[group]
        table.ensureWritable(first, length)
        for (const part of partsOf(layer, first, length)) {
          const target = table.rows(part.page, part.offset, part.rows, part.rowBytes)
          // Their buffer may have been transferred elsewhere in the meantime.
          if (bytes.length === 0) throw damaged(`the bytes of layer ${memory} are gone`)
          target.set(bytes.subarray(part.at, part.at + target.length))
          await pacer.yieldIfDue()
        }
      }
    } catch (error) {
      for (const table of tables) table.truncate(0)
      throw error
    }
    const before = this.#tables
    this.#tables = tables
    this.#length = length
    this.#promptEnd = promptEnd
    this.#held = undefined
    for (const table of before) table.truncate(0)
    this.#releaseUnseen()
  }

  dispose(): void {
    for (const table of this.#tables) table.truncate(0)
    this.#length = 0
    this.#host.forget(this)
  }

  /** Frees pages of windowed layers that are not visible from any length that must stay reachable. */
  #releaseUnseen(): void {
    if (this.#retain > 0 || !this.layout.hasWindows) return
    const ends = [this.length, Math.min(this.#promptEnd, this.length), this.#held ?? this.length]
    for (const table of this.#tables) {
      const { window } = table.group
      if (window === undefined) continue
      const current = pageOf(this.length)
      // One page more than needed, so that a few tokens can be removed at any time.
      const firstPages = ends.map((end) => Math.max(0, pageOfWindow(end, window) - 1))
      for (let page = 0; page < current; page++) {
        const isSeen = ends.some((end, i) => page >= firstPages[i] && page * PAGE_POSITIONS < end)
        if (!isSeen) table.release(page)
      }
    }
  }

  /** Throws `BAD_FORMAT` unless the records match this memory's layout and `length`. */
  #check(records: readonly MemoryRecord[], length: number): void {
    checkCount(records, this.layout.byMemory.length)
    for (const { group, layer } of this.layout.layers) {
      const { memory } = layer
      const { kind, first, bytes } = records[memory]
      const { window = Number.POSITIVE_INFINITY, layers } = this.layout.groups[group]
      const maxFirst = Math.max(0, length - window + 1)
      const isSound =
        kind === 'kv' &&
        Number.isInteger(first) &&
        first >= 0 &&
        first <= maxFirst &&
        // Pages are held completely.
        first % PAGE_POSITIONS === 0 &&
        first === records[layers[0].memory].first &&
        bytes.length === (length - first) * positionBytes(layer)
      if (!isSound) throw damaged(`layer ${memory} does not match the model`)
    }
  }
}

/** The page on which the window of the next row begins. */
function pageOfWindow(length: number, window = Number.POSITIVE_INFINITY): number {
  return pageOf(Math.max(0, length - window + 1))
}

/** Number of pages for `length` positions. */
function pagesFor(length: number): number {
  return Math.ceil(length / PAGE_POSITIONS)
}

/** Whether all positions from `from` to `to` are held. */
function holds(table: PageTable, from: number, to: number): boolean {
  if (from >= to) return true
  for (let page = pageOf(from); page * PAGE_POSITIONS < to; page++) if (!table.has(page)) return false
  return true
}

/**
 * The first page from which a table holds everything once `count` positions after the first `keep` of `length` have been
 * dropped; `undefined` if the next row would see earlier ones.
 */
function firstPageAfterShift(
  table: PageTable,
  { keep, count, length }: { keep: number; count: number; length: number },
): number | undefined {
  const { window = Number.POSITIVE_INFINITY } = table.group
  const left = length - count
  const isComplete = (page: number) => {
    const from = page * PAGE_POSITIONS
    const to = Math.min(left, from + PAGE_POSITIONS)
    return holds(table, from, Math.min(to, keep)) && holds(table, Math.max(from, keep) + count, to + count)
  }
  let first = pagesFor(left)
  while (first > 0 && isComplete(first - 1)) first--
  return first * PAGE_POSITIONS <= Math.max(0, left - window + 1) ? first : undefined
}

/** The lengths for which a table holds the next row's `window`, and 0. */
function reachOf(table: PageTable, window: number): Span[] {
  const reach: Span[] = []
  for (let page = 0; page < table.length; page++) {
    if (!table.has(page)) continue
    // A window at the beginning is shorter.
    const from = page === 0 ? 0 : page * PAGE_POSITIONS + window - 1
    while (table.has(page + 1)) page++
    const to = (page + 1) * PAGE_POSITIONS
    if (from <= to) reach.push([from, to])
  }
  if (reach.length === 0 || reach[0][0] > 0) reach.unshift([0, 0])
  return reach
}

/** The first position from which a table holds everything up to `length`. */
function firstHeld(table: PageTable, length: number): number {
  let page = pagesFor(length)
  while (page > 0 && table.has(page - 1)) page--
  return Math.min(length, page * PAGE_POSITIONS)
}

/** Bytes of one position's keys and values. */
function positionBytes({ keys, values }: LayerOffsets): number {
  return keys.rowBytes + values.rowBytes
}

/** The pieces of a layer's rows from `first` to `end`: their page and offset, and their offset `at` in a record. */
function* partsOf({ keys, values }: LayerOffsets, first: number, end: number) {
  let at = 0
  for (const { offset, rowBytes } of [keys, values]) {
    for (let position = first; position < end; ) {
      const page = pageOf(position)
      const rows = Math.min(end, (page + 1) * PAGE_POSITIONS) - position
      const inPage = position - page * PAGE_POSITIONS
      yield { page, offset: offset + inPage * rowBytes, rows, rowBytes, at }
      at += rows * rowBytes
      position += rows
    }
  }
}

/** Throws `BAD_FORMAT` unless there is a record for each of a model's memories. */
export function checkCount(records: readonly MemoryRecord[], memories: number): void {
  if (records.length === memories) return
  throw damaged(`it has ${records.length} layers, and the model ${memories}`)
}

export function damaged(what: string): DasllamaError {
  return new DasllamaError('BAD_FORMAT', `the state is damaged: ${what}`)
}

function cannotShift(): DasllamaError {
  return new DasllamaError(
    'UNSUPPORTED',
    'the context cannot be shifted: layers with a window no longer hold its beginning',
    { hint: 'create the session with contextShift, so that they keep it' },
  )
}

function cannotRotateBack(): DasllamaError {
  return new DasllamaError(
    'UNSUPPORTED',
    "the context cannot be shifted: the model's keys or values depend on positions in another way than a final rotary embedding",
    { hint: 'use a longer context' },
  )
}

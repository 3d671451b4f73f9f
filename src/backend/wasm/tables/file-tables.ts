import { abortable, following } from '../../../abortable.js'
import { describeFailure, describeValue, displayName } from '../../../describe.js'
import { DasllamaError } from '../../../errors.js'
import { isA } from '../../../read-list.js'
import { inParallel } from '../../../storage/in-parallel.js'
import { readParts } from '../../../storage/parts.js'
import type { ByteSource } from '../../../storage/source.js'
import type { Arena } from '../arena.js'
import type { Pointer } from '../kernels.js'
import type { FileTable } from './file-table.js'

/** A table and where in memory its cache is. */
export interface PlacedTable {
  readonly table: FileTable
  readonly pointer: Pointer
}

/** Neighbouring rows of a table that are read together. */
interface Stretch extends PlacedTable {
  readonly firstRow: number
  readonly rows: number
  readonly offset: number
  readonly bytes: Uint8Array
}

/** How many reads are in flight: enough for a disk's queue, and what a browser allows per server (6 with HTTP/1.1). */
const READS_AT_ONCE = 8

/** A gap of up to this many bytes between two rows is read and dropped, where that saves a request. */
const LARGEST_GAP_BYTES = 64 * 1024

/** Reads the rows that a batch needs from the tables that stay in the file. One batch at a time. */
export class FileTables {
  readonly #tables: readonly PlacedTable[]
  readonly #arena: Arena
  readonly #closeFile: () => Promise<string | undefined>
  #reading: AbortController | undefined
  #closing: Promise<string | undefined> | undefined

  /** `closeFile` is called once: by `close`, or when this has been garbage-collected, so it must not lead to it. */
  constructor(tables: readonly PlacedTable[], arena: Arena, closeFile: () => Promise<string | undefined>) {
    this.#tables = tables
    this.#arena = arena
    this.#closeFile = closeFile
    forgotten.get().register(this, closeFile, this)
  }

  /**
   * Brings the rows of a batch into memory. Rows are stored only when all have arrived, since a read that was given up may still
   * write to its target. Rejects with the signal's reason, with `DISPOSED`, or with an error that names file, tensor and row: the
   * code of the source's error, `IO` if a row is not the one that was loaded. The same batch can then be prepared again.
   */
  async prepare(ids: ArrayLike<number>, signal: AbortSignal | undefined): Promise<void> {
    const stretches = this.#tables.flatMap((placed) => stretchesOf(placed, placed.table.missing(ids)))
    if (stretches.length === 0) return
    const reading = following(signal)
    this.#reading = reading
    try {
      const all = inParallel(runsOf(stretches), READS_AT_ONCE, (run) => read(run, reading.signal))
      await abortable(all, reading.signal)
    } finally {
      reading.release()
      this.#reading = undefined
    }
    for (const { table, pointer, firstRow, rows, bytes } of stretches) {
      for (let i = 0; i < rows; i++) table.store(firstRow + i, rowAt(bytes, i, table), this.#arena, pointer)
    }
  }

  /** Ends what is being read with `reason`, and closes the file. Resolves with what `closeFile` does. Idempotent. */
  close(reason: unknown): Promise<string | undefined> {
    this.#reading?.abort(reason)
    if (!this.#closing) {
      forgotten.get().unregister(this)
      this.#closing = this.#closeFile()
    }
    return this.#closing
  }
}

/** Closes the file of a collected model. Created on first use, because imports have no side effects. */
const forgotten = {
  registry: undefined as FinalizationRegistry<() => Promise<unknown>> | undefined,
  get() {
    this.registry ??= new FinalizationRegistry((closeFile) => void closeFile())
    return this.registry
  },
}

function stretchesOf({ table, pointer }: PlacedTable, missing: readonly number[]): Stretch[] {
  const { rowBytes } = table
  const stretches: Stretch[] = []
  for (let from = 0, to = 0; from < missing.length; from = to) {
    const firstRow = missing[from]
    while (to < missing.length && missing[to] - firstRow === to - from) to++
    const rows = to - from
    const bytes = new Uint8Array(rows * rowBytes)
    stretches.push({ table, pointer, firstRow, rows, offset: table.offsetOf(firstRow), bytes })
  }
  return stretches
}

/** Stretches that one request reads: close together in a source that can read parts. */
function* runsOf(stretches: readonly Stretch[]): Generator<Stretch[]> {
  let run: Stretch[] = []
  for (const stretch of stretches) {
    const last = run.at(-1)
    const gap = last && stretch.offset - last.offset - last.bytes.length
    const joins = last?.table === stretch.table && sourceOf(last).readParts && gap! <= LARGEST_GAP_BYTES
    if (run.length > 0 && !joins) {
      yield run
      run = []
    }
    run.push(stretch)
  }
  if (run.length > 0) yield run
}

async function read(run: readonly Stretch[], ended: AbortSignal): Promise<void> {
  // A signal of its own: runtimes warn of one with many listeners, and a read may add several.
  const { signal, release } = following(ended)
  const parts = run.map(({ offset, bytes }) => ({ offset, target: bytes }))
  try {
    await readParts(sourceOf(run[0]), parts, signal)
  } catch (cause) {
    signal.throwIfAborted()
    throw unreadable(run, cause)
  } finally {
    release()
  }
  signal.throwIfAborted()
  for (const { table, firstRow, rows, bytes } of run) {
    for (let i = 0; i < rows; i++) {
      if (!table.isUnchanged(firstRow + i, rowAt(bytes, i, table))) throw changed(table, firstRow + i)
    }
  }
}

function sourceOf({ table }: Stretch): ByteSource {
  return table.tensor.source
}

function rowAt(bytes: Uint8Array, index: number, { rowBytes }: FileTable): Uint8Array {
  return bytes.subarray(index * rowBytes, (index + 1) * rowBytes)
}

const HINT =
  "restore the file and repeat the call; lookupTables: 'memory' reads tables when the model is loaded"

function unreadable(run: readonly Stretch[], cause: unknown): DasllamaError {
  const [{ table, firstRow }, last] = [run[0], run[run.length - 1]]
  const lastRow = last.firstRow + last.rows - 1
  const which = firstRow === lastRow ? `row ${firstRow}` : `rows ${firstRow} to ${lastRow}`
  const code = isA(DasllamaError, cause) ? cause.code : 'IO'
  const message = `${nameOf(table)}: ${which} cannot be read: ${describeFailure(cause)}`
  return new DasllamaError(code, message, { hint: HINT, cause })
}

function changed(table: FileTable, row: number): DasllamaError {
  const message = `${nameOf(table)}: row ${row} is not the one that was loaded: the file was changed`
  return new DasllamaError('IO', message, { hint: HINT })
}

function nameOf({ tensor: { name, source } }: FileTable): string {
  return `${displayName(source.name)}: tensor ${describeValue(name)}`
}

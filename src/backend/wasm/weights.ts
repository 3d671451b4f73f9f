import { abortable } from '../../abortable.js'
import { describeValue, displayName } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import { BLOCK_FORMATS, type BlockFormat, bytesFor } from '../../gguf/block-formats.js'
import type { ModelFile, StoredTensor } from '../../gguf/model-file.js'
import { pause } from '../../platform/pause.js'
import { inParallel } from '../../storage/in-parallel.js'
import { readParts } from '../../storage/parts.js'
import { allTensors, type MatrixSlice, type Program, type TensorSpec, type VectorSlice } from '../program.js'
import { type Arena, aligned } from './arena.js'
import type { Engine } from './engine.js'
import { ActivationKind, type Pointer } from './kernels.js'
import { Iq3sRepacker } from './repack/iq3-s.js'
import { RebiasedF16Repacker } from './repack/rebiased-f16.js'
import type { Repacker } from './repack/repacker.js'
import { X8Repacker } from './repack/x8.js'
import { cacheBytes, FileTable } from './tables/file-table.js'
import type { PlacedTable } from './tables/file-tables.js'

/** Rows of a matrix in memory, in blocks of `format`: the file's, or a repacked format. */
export interface PlacedMatrix {
  readonly format: BlockFormat
  readonly pointer: Pointer
  readonly rows: number
  readonly columns: number
  readonly rowBytes: number
}

/** Where one tensor's bytes go. */
interface Placement {
  readonly tensor: StoredTensor
  /** Undefined if the file's format is kept. */
  readonly repacker: Repacker | undefined
  /** Set if it stays in the file: then its rows are cached in its place. */
  readonly table: FileTable | undefined
  /** Bytes from the start of the weights. */
  readonly offset: number
}

/** A tensor in memory. */
interface Placed {
  readonly format: BlockFormat
  readonly pointer: Pointer
  readonly table: FileTable | undefined
}

/** `length` bytes of a tensor, from byte `start` on, and where they are read to. */
interface Piece extends Placement {
  readonly start: number
  readonly length: number
  readonly arena: Arena
  readonly pointer: Pointer
}

type OnBytes = (tensor: StoredTensor, start: number, bytes: Uint8Array) => void

function positionOf({ tensor, start }: Piece): number {
  return tensor.offset + start
}

/**
 * A program's tensors and their addresses: `bytes` is what they take in memory, `fileBytes` what is read for them. The
 * constructor checks that the kernels run every tensor's format, before any weight is read. Lookup tables may stay in the file;
 * they are read once nevertheless, for their checks and checksums and the samples of the model's identity.
 */
export class Weights {
  readonly #fileName: string
  readonly #engine: Engine
  /** By name, until they are loaded: they reference the file's source, whose bytes may all be in memory. */
  readonly #placements = new Map<string, Placement>()
  /** The first one that accepts a tensor repacks it. None once everything is loaded. */
  #repackers: readonly Repacker[]
  /** By name, once they are loaded. */
  readonly #placed = new Map<string, Placed>()
  #bytes = 0
  #fileBytes = 0

  /**
   * `file` has the program's tensors in their shapes, of which `inFile` stay there. `modelBytes`: of the whole model's tensors, if
   * the program is a part of one; so a tensor is repacked in parts as in the whole. Throws `UNSUPPORTED`, naming the tensor.
   */
  constructor(
    file: ModelFile,
    program: Program,
    engine: Engine,
    { inFile, modelBytes }: { inFile?: ReadonlySet<string> | undefined; modelBytes?: number } = {},
  ) {
    this.#fileName = file.name
    this.#engine = engine
    const specs = Array.from(allTensors(program).values())
    const bytes = specs.reduce((bytes, { name }) => bytes + file.tensors.get(name)!.byteLength, 0)
    this.#repackers = [
      new X8Repacker(engine, rowsOfSlices(program)),
      new RebiasedF16Repacker(engine),
      new Iq3sRepacker(engine, modelBytes ?? bytes),
    ]
    for (const spec of specs) this.#place(file, spec, inFile?.has(spec.name) ?? false)
  }

  get bytes(): number {
    return this.#bytes
  }

  get fileBytes(): number {
    return this.#fileBytes
  }

  /** The lookup tables that are to stay in the file, until they are loaded. */
  get inFile(): StoredTensor[] {
    return Array.from(this.#placements.values()).flatMap(({ table, tensor }) => (table ? tensor : []))
  }

  /** Bytes that a tensor takes in memory, until they are loaded; 0 for one that is not the program's. */
  bytesOf(name: string): number {
    const placement = this.#placements.get(name)
    return placement ? placedBytes(placement) : 0
  }

  /** In order of first use, until they are loaded. */
  get tensors(): StoredTensor[] {
    return Array.from(this.#placements.values(), ({ tensor }) => tensor)
  }

  /** `loadAll` of weights that are not parts of others. */
  load(base: Pointer, onBytes: OnBytes, signal?: AbortSignal): Promise<void> {
    return Weights.loadAll([{ weights: this, base }], onBytes, signal)
  }

  /**
   * Reads every tensor of `parts`, each of which has its own engine, into memory, with a part's weights beginning at `base`, and
   * repacks those with a repacker. `onBytes` is called with each piece in the file's format, from byte `start` of its tensor
   * on; `bytes` are valid until it returns.
   */
  static async loadAll(
    parts: readonly { readonly weights: Weights; readonly base: Pointer }[],
    onBytes: OnBytes,
    signal?: AbortSignal,
  ): Promise<void> {
    for (const { weights } of parts) weights.#beginRepacking()
    const pieces = parts.flatMap(({ weights, base }) => [...weights.#pieces(base)])
    // A source that answers from memory would otherwise never yield to the event loop, so an abort could not arrive.
    let bytesSincePause = 0
    const { first, others } = readOnce(inFileOrder(pieces))
    await inParallel(runs(first), READS_AT_ONCE, async (run) => {
      signal?.throwIfAborted()
      const targets = run.map(({ tensor, table, start, arena, pointer, length }) => ({
        offset: tensor.offset + start,
        target: table ? new Uint8Array(length) : arena.bytes(pointer, length),
      }))
      await readParts(run[0].tensor.source, targets, signal)
      signal?.throwIfAborted()
      for (const [index, piece] of run.entries()) {
        const { tensor, table, start, length } = piece
        const bytes = table ? targets[index].target : piece.arena.bytes(piece.pointer, length)
        onBytes(tensor, start, bytes)
        table?.take(start, bytes)
        const copies = others.get(piece) ?? []
        for (const copy of copies) {
          if (copy.table) copy.table.take(start, bytes)
          else copy.arena.bytes(copy.pointer, length).set(bytes)
        }
        for (const { repacker, pointer } of [piece, ...copies]) repacker?.repack({ tensor, pointer, length })
        bytesSincePause += length
      }
      if (bytesSincePause < READ_BYTES) return
      bytesSincePause = 0
      await pause()
      signal?.throwIfAborted()
    })
    const sources = new Set(parts.flatMap(({ weights }) => weights.tensors.map(({ source }) => source)))
    for (const source of sources) {
      if (source.checkUnchanged) await abortable(source.checkUnchanged(), signal)
    }
    for (const { weights, base } of parts) weights.#finish(base)
  }

  #beginRepacking(): void {
    for (const repacker of this.#repackers) {
      const placements = Array.from(this.#placements.values()).filter(
        (placement) => placement.repacker === repacker,
      )
      repacker.begin(placements.map(({ tensor }) => tensor))
    }
  }

  #finish(base: Pointer): void {
    for (const repacker of this.#repackers) repacker.finish()
    for (const [name, { tensor, table, repacker, offset }] of this.#placements) {
      const format = repacker?.formatOf(tensor) ?? tensor.format
      this.#placed.set(name, { format, pointer: (base + offset) as Pointer, table })
    }
    this.#placements.clear()
    this.#repackers = []
  }

  /** Every tensor; long ones are split into pieces. */
  *#pieces(base: Pointer): Generator<Piece> {
    const { arena } = this.#engine
    for (const placement of this.#placements.values()) {
      const { tensor, table, repacker, offset } = placement
      // Of a table whole rows, in multiples of four bytes.
      const unit = table ? 4 * table.rowBytes : (repacker?.unitBytes(tensor) ?? 1)
      const most = Math.max(1, Math.floor((table ? TABLE_READ_BYTES : READ_BYTES) / unit)) * unit
      for (let start = 0; start < tensor.byteLength; start += most) {
        const length = Math.min(most, tensor.byteLength - start)
        const end = base + offset + memoryBytes(placement, start + length)
        yield { ...placement, start, length, arena, pointer: (end - length) as Pointer }
      }
    }
  }

  /** The lookup tables that stay in the file, once they are loaded. */
  get tables(): PlacedTable[] {
    return Array.from(this.#placed.values(), ({ table, pointer }) => table && { table, pointer }).filter(
      (placed) => placed !== undefined,
    )
  }

  /** The lookup table of this name, if it stays in the file; then `matrix` has its cached rows. */
  table(tensor: string): FileTable | undefined {
    return this.#placed.get(tensor)!.table
  }

  /** Rows of a matrix, once it is loaded. */
  matrix({ tensor, firstRow, rows, columns }: MatrixSlice): PlacedMatrix {
    const { format, pointer } = this.#placed.get(tensor)!
    const rowBytes = bytesFor(format, columns)
    return { format, pointer: (pointer + firstRow * rowBytes) as Pointer, rows, columns, rowBytes }
  }

  /** f32[slice.length], once it is loaded. */
  vector({ tensor, first }: VectorSlice): Pointer {
    return (this.#placed.get(tensor)!.pointer + 4 * first) as Pointer
  }

  /** Divisors of rotary frequencies, f32[length], as a copy. Throws `BAD_FORMAT` for one that is not positive. */
  ropeFactors(tensor: string, length: number): Float32Array {
    const pointer = this.vector({ tensor, first: 0, length })
    const factors = this.#engine.arena.floats(pointer, length).slice()
    const bad = factors.findIndex((factor) => !(factor > 0 && Number.isFinite(factor)))
    if (bad < 0) return factors
    throw new DasllamaError(
      'BAD_FORMAT',
      `${displayName(this.#fileName)}: tensor ${describeValue(tensor)} has ${factors[bad]} at index ${bad}; factors are positive`,
    )
  }

  #place({ tensors }: ModelFile, { name, kind }: TensorSpec, staysInFile: boolean): void {
    const tensor = tensors.get(name)!
    const isRunnable = kind === 'vector' ? tensor.format.name === 'F32' : this.#multiplies(tensor.format)
    if (!isRunnable) throw this.#unsupported(tensor)
    const table = staysInFile ? new FileTable(tensor) : undefined
    const isRepacked = kind === 'matrix' && !table
    const repacker = isRepacked ? this.#repackers.find((repacker) => repacker.accepts(tensor)) : undefined
    const placement = { tensor, table, repacker, offset: this.#bytes }
    this.#placements.set(name, placement)
    this.#bytes += placedBytes(placement)
    this.#fileBytes += tensor.byteLength
  }

  #multiplies({ id }: BlockFormat): boolean {
    return this.#engine.kernels.activation_kind(id) !== ActivationKind.unsupported
  }

  #unsupported(tensor: StoredTensor): DasllamaError {
    const runnable = BLOCK_FORMATS.filter((format) => this.#multiplies(format)).map(({ name }) => name)
    return new DasllamaError(
      'UNSUPPORTED',
      `${displayName(this.#fileName)}: tensor ${describeValue(tensor.name)} is ${tensor.format.name}, which cannot be used here`,
      { hint: `matrices: ${runnable.join(', ')}; norms and biases: F32` },
    )
  }
}

/** So that a stream never has to go back. */
function inFileOrder(pieces: readonly Piece[]): Piece[] {
  const rank = new Map(
    [...new Set(pieces.map(({ tensor }) => tensor.source))].map((source, i) => [source, i]),
  )
  return [...pieces].sort(
    (a, b) => rank.get(a.tensor.source)! - rank.get(b.tensor.source)! || positionOf(a) - positionOf(b),
  )
}

/** Pieces that are read, and for each the pieces of other parts with the same bytes. */
function readOnce(pieces: readonly Piece[]): { first: Piece[]; others: Map<Piece, Piece[]> } {
  const first: Piece[] = []
  const others = new Map<Piece, Piece[]>()
  for (const piece of pieces) {
    const last = first.at(-1)
    if (last?.tensor !== piece.tensor || last.start !== piece.start) first.push(piece)
    else others.set(last, [...(others.get(last) ?? []), piece])
  }
  return { first, others }
}

/** Runs of neighbouring pieces of one source, each read in one go. */
function* runs(pieces: readonly Piece[]): Generator<Piece[]> {
  let run: Piece[] = []
  let bytes = 0
  for (const piece of pieces) {
    const last = run[run.length - 1]
    const gap = last ? positionOf(piece) - positionOf(last) - last.length : 0
    const isNear = last?.tensor.source === piece.tensor.source && gap >= 0 && gap <= LARGEST_GAP_BYTES
    const joins = isNear && !last.table && !piece.table
    if (run.length > 0 && !(joins && bytes + gap + piece.length <= READ_BYTES)) {
      yield run
      run = []
      bytes = 0
    }
    bytes += run.length > 0 ? gap + piece.length : piece.length
    run.push(piece)
  }
  if (run.length > 0) yield run
}

/** The bytes in memory of a whole tensor, or of the cache of one that stays in the file. */
function placedBytes(placement: Placement): number {
  const { table, tensor } = placement
  return aligned(table ? cacheBytes(tensor) : memoryBytes(placement, tensor.byteLength))
}

/** The bytes in memory of the first `fileBytes` of a tensor. */
function memoryBytes(
  { tensor, repacker }: Pick<Placement, 'tensor' | 'repacker'>,
  fileBytes: number,
): number {
  return repacker?.memoryBytes?.(tensor, fileBytes) ?? fileBytes
}

/** Bytes per read, so that a long read can be aborted and reports progress. */
const READ_BYTES = 16 * 2 ** 20

/** Of a table that stays in the file, whose bytes are read into a buffer of their own. */
const TABLE_READ_BYTES = 4 * 2 ** 20

/** A gap of up to this many bytes between two tensors is read and dropped, instead of splitting the read. */
const LARGEST_GAP_BYTES = 64 * 1024

/** A single read at a time would leave the disk or the network idle between pieces. */
const READS_AT_ONCE = 4

/** For each matrix that is used in slices of rows, the rows at which they begin and end. */
function rowsOfSlices(program: Program): ReadonlyMap<string, ReadonlySet<number>> {
  const { afterPooling, draftHead } = program
  const bounds = new Map<string, Set<number>>()
  const note = ({ tensor, firstRow, rows }: MatrixSlice) => {
    const known = bounds.get(tensor) ?? new Set()
    bounds.set(tensor, known.add(firstRow).add(firstRow + rows))
  }
  // Of a matrix per head or expert, the first one's rows: those of the others are as many.
  for (const op of [...program.ops, ...(afterPooling?.ops ?? []), ...(draftHead?.ops ?? [])]) {
    if (op.kind === 'linear' || op.kind === 'headLinear') note(op.matrix)
    if (op.kind === 'experts') for (const matrix of [op.gate, op.up, op.down]) if (matrix) note(matrix)
  }
  for (const logits of [program.logits, draftHead?.logits]) if (logits) note(logits.matrix)
  return bounds
}

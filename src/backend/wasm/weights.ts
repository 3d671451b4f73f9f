import { abortable } from '../../abortable.js'
import { describeValue, displayName } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import type { BlockFormat } from '../../gguf/block-formats.js'
import type { ModelFile, TensorInfo } from '../../gguf/model-file.js'
import type { Config } from '../../model/config.js'
import { pause } from '../../platform/pause.js'
import { inParallel } from '../../storage/in-parallel.js'
import { readParts } from '../../storage/parts.js'
import { aligned } from './arena.js'
import type { Engine } from './engine.js'
import { InterleavedRows } from './forms/interleaved-rows.js'
import type { MemoryForm } from './forms/memory-form.js'
import { RaisedHalves } from './forms/raised-halves.js'
import { ActivationKind, type Pointer } from './kernels.js'

/** A matrix as it lies in memory: `rows` rows of `columns` elements, in its file's blocks or the form that `format` tells. */
export interface Matrix {
  readonly format: BlockFormat
  readonly rows: number
  readonly columns: number
  readonly pointer: Pointer
}

/** y = Wx, or Wx + b where there is a bias, f32[rows]. */
export interface Linear extends Matrix {
  readonly bias: Pointer | undefined
}

/** One transformer block. Norm weights are f32[embeddingLength]. */
export interface Layer {
  readonly attentionNorm: Pointer
  readonly qProj: Linear
  readonly kProj: Linear
  readonly vProj: Linear
  readonly outProj: Linear
  readonly feedForwardNorm: Pointer
  readonly gateProj: Linear
  readonly upProj: Linear
  readonly downProj: Linear
}

export interface Weights {
  /** One row a token. */
  readonly embedding: Matrix
  readonly layers: readonly Layer[]
  readonly outputNorm: Pointer
  /** Logits from the last hidden state; the embedding itself where the file ties them. */
  readonly output: Linear
  /** `rope_freqs.weight`, f32[ropeDim / 2]. */
  readonly ropeFactors: Float32Array | undefined
}

/** Where one tensor's bytes go. */
interface Placement {
  readonly tensor: TensorInfo
  /** What is made of them there; undefined where they stay as they are. */
  readonly form: MemoryForm | undefined
  /** Bytes from the start of the weights. */
  readonly offset: number
}

/** `length` bytes of a tensor, from byte `start` on. */
interface Piece extends Placement {
  readonly start: number
  readonly length: number
}

function positionOf({ tensor, start }: Piece): number {
  return tensor.offset + start
}

/**
 * What has to be loaded, checked before a single weight is read: every tensor present, of the expected shape and of
 * a format that the kernels run. `bytes` is what the weights take in memory, `fileBytes` what is read for them.
 */
export class WeightPlan {
  readonly #file: ModelFile
  readonly #config: Config
  readonly #engine: Engine
  readonly #placements = new Map<string, Placement>()
  /** A tensor gets the first that is for it. */
  readonly #forms: readonly MemoryForm[]
  #bytes = 0
  #fileBytes = 0

  /** Throws `MISSING`, `BAD_FORMAT` or `UNSUPPORTED`, naming the tensor. */
  constructor(file: ModelFile, config: Config, engine: Engine) {
    this.#file = file
    this.#config = config
    this.#engine = engine
    this.#forms = [new InterleavedRows(engine), new RaisedHalves(engine)]
    // A dry run over address 0 places every tensor that the real one will ask for.
    this.#assemble(0)
    this.#refuseStrangers()
  }

  get bytes(): number {
    return this.#bytes
  }

  get fileBytes(): number {
    return this.#fileBytes
  }

  /** In the order in which the network uses them. */
  get tensors(): TensorInfo[] {
    return Array.from(this.#placements.values(), ({ tensor }) => tensor)
  }

  /**
   * Copies every tensor's bytes to its place and gives them their form there; the weights begin at `base`. `onBytes` hears
   * each piece as the file has it, from byte `start` of its tensor on; `bytes` change when it returns.
   */
  async load(
    base: Pointer,
    onBytes: (tensor: TensorInfo, start: number, bytes: Uint8Array) => void,
    signal?: AbortSignal,
  ): Promise<Weights> {
    const { arena } = this.#engine
    for (const form of this.#forms) {
      const placements = Array.from(this.#placements.values()).filter((placement) => placement.form === form)
      form.begin(placements.map(({ tensor }) => tensor))
    }
    // Bytes since the runtime had a turn: a source that answers from memory would never let it hear an abort.
    let unheard = 0
    await inParallel(this.#runs(), READS_AT_ONCE, async (pieces) => {
      signal?.throwIfAborted()
      const placed = pieces.map((piece) => ({
        ...piece,
        pointer: (base + piece.offset + piece.start) as Pointer,
      }))
      const parts = placed.map(({ tensor, start, pointer, length }) => ({
        offset: tensor.offset + start,
        target: arena.bytes(pointer, length),
      }))
      await readParts(pieces[0].tensor.source, parts, signal)
      signal?.throwIfAborted()
      for (const { tensor, form, start, pointer, length } of placed) {
        onBytes(tensor, start, arena.bytes(pointer, length))
        form?.change({ tensor, pointer, length })
        unheard += length
      }
      if (unheard < READ_BYTES) return
      unheard = 0
      await pause()
      signal?.throwIfAborted()
    })
    for (const source of new Set(this.tensors.map(({ source }) => source))) {
      if (source.checkUnchanged) await abortable(source.checkUnchanged(), signal)
    }
    for (const form of this.#forms) form.settle()
    return this.#assemble(base)
  }

  /** Neighbouring pieces of one source, as they lie in it, that are read in one go. */
  *#runs(): Generator<Piece[]> {
    let run: Piece[] = []
    let bytes = 0
    for (const piece of this.#pieces()) {
      const last = run[run.length - 1]
      const gap = last ? positionOf(piece) - positionOf(last) - last.length : 0
      const joins = last?.tensor.source === piece.tensor.source && gap >= 0 && gap <= LARGEST_GAP_BYTES
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

  /** Every tensor in the order of the file, so that a source that is a stream never goes back; the long ones in pieces. */
  *#pieces(): Generator<Piece> {
    const rank = new Map(
      [...new Set(this.tensors.map(({ source }) => source))].map((source, i) => [source, i]),
    )
    const placements = Array.from(this.#placements.values()).sort(
      ({ tensor: a }, { tensor: b }) => rank.get(a.source)! - rank.get(b.source)! || a.offset - b.offset,
    )
    for (const placement of placements) {
      const { tensor, form } = placement
      const unit = form?.unitBytes(tensor) ?? 1
      const most = Math.max(1, Math.floor(READ_BYTES / unit)) * unit
      for (let start = 0; start < tensor.byteLength; start += most) {
        yield { ...placement, start, length: Math.min(most, tensor.byteLength - start) }
      }
    }
  }

  #assemble(base: number): Weights {
    const { embeddingLength, heads, kvHeads, headDim, feedForwardLength, vocabSize, ropeDim } = this.#config
    const layers: Layer[] = []
    const embedding = this.#matrix(base, 'token_embd.weight', embeddingLength, vocabSize)
    for (let index = 0; index < this.#config.layers; index++) {
      const linear = (name: string, columns: number, rows: number): Linear =>
        this.#linear(base, `blk.${index}.${name}`, columns, rows)
      layers.push({
        attentionNorm: this.#vector(base, `blk.${index}.attn_norm.weight`, embeddingLength),
        qProj: linear('attn_q', embeddingLength, heads * headDim),
        kProj: linear('attn_k', embeddingLength, kvHeads * headDim),
        vProj: linear('attn_v', embeddingLength, kvHeads * headDim),
        outProj: linear('attn_output', heads * headDim, embeddingLength),
        feedForwardNorm: this.#vector(base, `blk.${index}.ffn_norm.weight`, embeddingLength),
        gateProj: linear('ffn_gate', embeddingLength, feedForwardLength),
        upProj: linear('ffn_up', embeddingLength, feedForwardLength),
        downProj: linear('ffn_down', feedForwardLength, embeddingLength),
      })
    }
    const outputNorm = this.#vector(base, 'output_norm.weight', embeddingLength)
    const output = this.#file.tensors.has('output.weight')
      ? this.#linear(base, 'output', embeddingLength, vocabSize)
      : { ...embedding, bias: undefined }
    let ropeFactors: Float32Array | undefined
    if (this.#file.tensors.has('rope_freqs.weight')) {
      const pointer = this.#vector(base, 'rope_freqs.weight', ropeDim / 2)
      if (base > 0) ropeFactors = this.#readFactors(pointer, ropeDim / 2)
    }
    return { embedding, layers, outputNorm, output, ropeFactors }
  }

  #readFactors(pointer: Pointer, length: number): Float32Array {
    const factors = this.#engine.arena.floats(pointer, length).slice()
    const bad = factors.findIndex((factor) => !(factor > 0 && Number.isFinite(factor)))
    if (bad < 0) return factors
    throw new DasllamaError(
      'BAD_FORMAT',
      `${displayName(this.#file.name)}: tensor "rope_freqs.weight" has ${factors[bad]} at index ${bad}; factors are positive`,
    )
  }

  /** A tensor that nothing asked for is a part of the model that would be left out: its results would be wrong. */
  #refuseStrangers(): void {
    for (const name of this.#file.tensors.keys()) {
      if (this.#placements.has(name) || LEFT_OVER.test(name)) continue
      throw new DasllamaError(
        'UNSUPPORTED',
        `${displayName(this.#file.name)}: tensor ${describeValue(name)} belongs to no ${this.#config.architecture} model that runs here`,
        { hint: 'the model is a variant of its architecture that this version does not know' },
      )
    }
  }

  #linear(base: number, name: string, columns: number, rows: number): Linear {
    const bias = this.#file.tensors.has(`${name}.bias`) ? this.#vector(base, `${name}.bias`, rows) : undefined
    return { ...this.#matrix(base, `${name}.weight`, columns, rows), bias }
  }

  #matrix(base: number, name: string, columns: number, rows: number): Matrix {
    const { tensor, form, offset } = this.#place(name, [columns, rows])
    const kind = this.#engine.kernels.activation_kind(tensor.format.id)
    if (kind === ActivationKind.unsupported) throw this.#unsupported(tensor)
    const format = form?.formatOf(tensor) ?? tensor.format
    return { format, rows, columns, pointer: (base + offset) as Pointer }
  }

  /** Norms, biases and factors: few values, always f32. */
  #vector(base: number, name: string, length: number): Pointer {
    const { tensor, offset } = this.#place(name, [length])
    if (tensor.format.name !== 'F32') throw this.#unsupported(tensor)
    return (base + offset) as Pointer
  }

  #place(name: string, shape: readonly number[]): Placement {
    const known = this.#placements.get(name)
    if (known) return known
    const tensor = this.#file.tensors.get(name)
    if (!tensor) {
      throw new DasllamaError(
        'MISSING',
        `${displayName(this.#file.name)}: tensor ${describeValue(name)} is missing`,
        {
          hint: `a ${this.#config.architecture} model of ${this.#config.layers} layers has it; the file may be a vocabulary only, or incomplete`,
        },
      )
    }
    const found = significant(tensor.shape)
    if (found.length !== shape.length || found.some((size, axis) => size !== shape[axis])) {
      throw new DasllamaError(
        'BAD_FORMAT',
        `${displayName(this.#file.name)}: tensor ${describeValue(name)} has shape [${found}], and the metadata say [${shape}]`,
      )
    }
    const form = this.#forms.find((form) => form.isFor(tensor))
    const placement = { tensor, form, offset: this.#bytes }
    this.#placements.set(name, placement)
    this.#bytes += aligned(tensor.byteLength)
    this.#fileBytes += tensor.byteLength
    return placement
  }

  #unsupported(tensor: TensorInfo): DasllamaError {
    return new DasllamaError(
      'UNSUPPORTED',
      `${displayName(this.#file.name)}: tensor ${describeValue(tensor.name)} is ${tensor.format.name}, which cannot be used here`,
      { hint: 'matrices: F32, F16, BF16, Q4_0 to Q8_0, Q2_K to Q6_K, IQ2_XXS; norms and biases: F32' },
    )
  }
}

/** Tables that old converters wrote and that are computed here. */
const LEFT_OVER = /^blk\.\d+\.attn_rot_embd(\.weight)?$/

/** Pieces in which tensors are read, so that a long read can be cancelled and its progress seen. */
const READ_BYTES = 16 * 2 ** 20

/** So much between two tensors is read and dropped rather than asked for around it. */
const LARGEST_GAP_BYTES = 64 * 1024

/** One alone leaves the disk, or the network, waiting between two pieces. */
const READS_AT_ONCE = 4

/** A shape without trailing ones: ggml writes [n] and [n, 1] for the same thing. */
function significant(shape: readonly number[]): readonly number[] {
  let length = shape.length
  while (length > 1 && shape[length - 1] === 1) length--
  return shape.slice(0, length)
}

import { FairQueue } from '../backend/fair-queue.js'
import { PAGE_POSITIONS } from '../backend/memory.js'
import { fillRopeTable } from '../backend/rope-table.js'
import type { Engine } from '../backend/wasm/engine.js'
import type { Pointer, Projections, Rope } from '../backend/wasm/kernels.js'
import { ProjectionTable, projectionTableBytes } from '../backend/wasm/projection.js'
import { allocateScratch, MAX_BATCH, MIN_TILE, type Scratch, scratchBytes } from '../backend/wasm/scratch.js'
import { Slicer, type Work, type WorkKind } from '../backend/wasm/slicer.js'
import { WeightPlan, type Weights } from '../backend/wasm/weights.js'
import { displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'
import type { ModelFile, TensorInfo } from '../gguf/model-file.js'
import { checkWeights } from '../gguf/weight-check.js'
import { pacer } from '../platform/pacer.js'
import { type Config, readConfig } from './config.js'
import { modelIdentity, TensorSamples } from './identity.js'
import { type KvCache, kvFormat, kvRowBytes } from './kv-cache.js'
import { type RopeFrequencies, ropeFrequencies } from './rope-scaling.js'

export interface LoadOptions {
  /** Bytes that sessions will want on top of weights and scratch; counted into the check before loading. */
  reserve?: (config: Config) => number
  signal?: AbortSignal
  /** Tensor bytes read so far, and altogether. */
  onProgress?: (progress: { loaded: number; total: number }) => void
}

/** What goes through the network at once. */
export interface Pass {
  readonly cache: KvCache
  /** 1 … MAX_BATCH token ids, which the caller has checked. */
  readonly ids: ArrayLike<number>
  /** Of the first one; there is room for all. */
  readonly position: number
  /**
   * Fewer than MIN_TILE tokens go through the tiles too, at the cost of MIN_TILE. A token's bits depend on the way that
   * it and those before it went, and on nothing else. Default: whether there are MIN_TILE tokens.
   */
  readonly tiled?: boolean
  /** Compute the logits after the last token. Default false. */
  readonly wantLogits?: boolean
  /** Compute the logits after each token from number `first` on, and call `take` for it while they are there. */
  readonly everyLogits?: { readonly first: number; take(index: number, logits: Float32Array): void }
  readonly signal?: AbortSignal | undefined
}

/**
 * A transformer in memory: weights, scratch, and the pass through them. It knows one sequence at a time, by the
 * cache that it is handed, and nothing of sampling or text.
 *
 * A pass lets the event loop run between its operations, so others may ask for one meanwhile: they wait in a queue,
 * because all passes share the scratch.
 */
export class Network {
  readonly config: Config
  readonly engine: Engine
  /** Tells this model from others, on every runtime alike; see `modelIdentity`. */
  readonly identity: string
  readonly #weights: Weights
  readonly #scratch: Scratch
  readonly #blocks: readonly Block[]
  readonly #output: Projections
  readonly #frequencies: RopeFrequencies
  readonly #rope: Rope
  readonly #queue = new FairQueue()
  readonly #slicer = new Slicer()
  readonly #attentionShape: Pointer
  #pages = { pointer: 0 as Pointer, length: 0, positionBytes: 0 }

  private constructor(config: Config, engine: Engine, weights: Weights, identity: string) {
    const { kernels, arena } = engine
    const { family } = config
    const scratch = allocateScratch(config, engine)
    const { hidden, normed, q, k, v, gate, up, logits } = scratch
    this.config = config
    this.engine = engine
    this.identity = identity
    this.#weights = weights
    this.#scratch = scratch
    const table = new ProjectionTable(arena, projectionCount(config))
    const use = `${family.gate}-gate` as const
    this.#blocks = weights.layers.map((layer) => ({
      qkv: table.add(
        [
          { linear: layer.qProj, product: q },
          { linear: layer.kProj, product: k },
          { linear: layer.vProj, product: v },
        ],
        layer.attentionNorm,
      ),
      attentionOut: table.add([{ linear: layer.outProj, product: normed, use: 'add', out: hidden }]),
      gateAndUp: table.add(
        [
          { linear: layer.gateProj, product: gate },
          { linear: layer.upProj, product: up, use, out: gate },
        ],
        layer.feedForwardNorm,
      ),
      down: table.add([{ linear: layer.downProj, product: normed, use: 'add', out: hidden }]),
    }))
    this.#output = table.add([{ linear: weights.output, product: logits }], weights.outputNorm)
    this.#frequencies = ropeFrequencies(
      config.ropeDim,
      config.ropeTheta,
      config.ropeScaling,
      weights.ropeFactors,
    )
    const shapeBytes = kernels.attention_shape_bytes()
    this.#attentionShape = arena.allocate(shapeBytes, 'the shape of attention')
    const shape = new DataView(arena.memory.buffer, this.#attentionShape, shapeBytes)
    const { heads, kvHeads, headDim, attentionScale } = config
    for (const [i, word] of [heads, kvHeads, headDim].entries()) shape.setInt32(4 * i, word, true)
    shape.setFloat32(12, attentionScale, true)
    shape.setInt32(16, 0, true)
    shape.setUint32(20, scratch.attention, true)
    this.#rope = family.ropePairs === 'neox' ? kernels.rope_neox : kernels.rope_interleaved
  }

  /**
   * Checks everything that the file says, then streams its weights into the engine's memory.
   * Throws `OUT_OF_MEMORY` before reading a weight when the limit is too small, and what the reader, the
   * configuration and the weights throw.
   */
  static async load(file: ModelFile, engine: Engine, options: LoadOptions = {}): Promise<Network> {
    const config = readConfig(file)
    const plan = new WeightPlan(file, config, engine)
    const need = memoryNeed(config, plan.bytes, engine) + (options.reserve?.(config) ?? 0)
    if (need > engine.arena.available) {
      throw new DasllamaError(
        'OUT_OF_MEMORY',
        `${displayName(file.name)} needs ${mebibytes(need)} of memory (weights ${mebibytes(plan.bytes)}), and ${mebibytes(engine.arena.available)} are allowed`,
        { hint: 'use a smaller quantisation or contextLength, or raise memoryLimit (4 GiB at most)' },
      )
    }
    const base = engine.arena.allocate(plan.bytes, 'the weights')
    const samples = new TensorSamples()
    let loaded = 0
    const onBytes = (tensor: TensorInfo, start: number, bytes: Uint8Array) => {
      checkWeights(tensor, start, bytes)
      samples.take(tensor, start, bytes)
      loaded += bytes.length
      options.onProgress?.({ loaded, total: plan.fileBytes })
    }
    const weights = await plan.load(base, onBytes, options.signal)
    return new Network(config, engine, weights, modelIdentity(config, plan.tensors, samples))
  }

  /**
   * The logits of the pass that has just ended, f32[vocabSize]; a view that is valid within the `take` of `forward` only. Throws
   * `NOT_A_NUMBER`.
   */
  logits(): Float32Array {
    this.#checkNumbers(this.#scratch.logits, this.config.vocabSize, 'logits')
    return this.engine.arena.floats(this.#scratch.logits, this.config.vocabSize)
  }

  /**
   * The hidden states after the output norm for each of the `tokens` of the pass that has just ended,
   * f32[tokens][embeddingLength]; a view that is valid within the `take` of `forward` only. Throws `NOT_A_NUMBER`.
   */
  hiddenStates(tokens: number): Float32Array {
    const { arena, kernels } = this.engine
    const { embeddingLength, rmsEpsilon } = this.config
    const { hidden, normed } = this.#scratch
    kernels.norm_rows(hidden, this.#weights.outputNorm, normed, tokens, embeddingLength, rmsEpsilon)
    this.#checkNumbers(normed, tokens * embeddingLength, 'hidden states')
    return arena.floats(normed, tokens * embeddingLength)
  }

  /**
   * Appends what a pass computes to its cache, and calls `take` while its results are still there. Waits until passes
   * that were asked for before are done. Resolves with the milliseconds that were spent computing.
   *
   * Rejects with the signal's reason, which is looked at whenever the event loop has run, and with `THREAD_LOST`. Then
   * what has been appended is worthless, and the same pass may be asked for again.
   */
  forward(pass: Pass, take: () => void = () => {}): Promise<number> {
    return this.#queue.run(async () => {
      const ms = await this.#run(this.#steps(pass), pass.signal)
      take()
      return ms
    }, pass.signal)
  }

  /**
   * Moves what the cache holds at `count` positions from `from` on down to `to`. A key knows its position by its
   * rotation, so each is turned back by the distance: through f32, hence rounded once more. Cannot be aborted: a cache
   * that is moved in part is of no use.
   */
  shift(cache: KvCache, from: number, to: number, count: number): Promise<number> {
    return this.#queue.run(() => this.#run(this.#shiftSteps(cache, from, to, count)))
  }

  /** Takes the steps of a computation and lets the event loop run between them. */
  async #run(steps: Iterator<Work | undefined, void>, signal?: AbortSignal): Promise<number> {
    const { team } = this.engine
    const next = () => steps.next()
    let ms = 0
    for (let since = pacer.now(); ; ) {
      const { done, value: work } = team.run(next)
      const now = pacer.now()
      ms += now - since
      if (done) return ms
      if (work) this.#slicer.took(work, now - since)
      since = now
      if (!pacer.isDue(now, work?.size)) continue
      await pacer.pause()
      signal?.throwIfAborted()
      since = pacer.now()
    }
  }

  /** A pass, a slice of an operation at a time. */
  *#steps({ cache, ids, position, tiled, wantLogits, everyLogits }: Pass): Generator<Work> {
    const { embeddingLength } = this.config
    const { hidden } = this.#scratch
    const tokens = ids.length
    const isTiled = tiled || tokens >= MIN_TILE
    this.#embed(ids)
    this.#turnTable(position, tokens)
    for (let index = 0; index < this.#blocks.length; index++) {
      const block = this.#blocks[index]
      yield* this.#attention(block, index, cache, position, tokens, isTiled)
      yield* this.#feedForward(block, tokens, isTiled)
    }
    // logits = output(norm(hidden)) of the last token, or of some.
    const first = everyLogits ? Math.min(everyLogits.first, tokens) : wantLogits ? tokens - 1 : tokens
    for (let token = first; token < tokens; token++) {
      const row = (hidden + token * embeddingLength * 4) as Pointer
      yield* this.#project(this.#output, row, 1, false)
      everyLogits?.take(token, this.logits())
    }
  }

  *#shiftSteps(cache: KvCache, from: number, to: number, count: number): Generator<undefined> {
    const { arena, kernels } = this.engine
    const { layers, kvHeads, headDim, ropeDim } = this.config
    const { k, ropeTable } = this.#scratch
    const rowBytes = kvRowBytes(this.config, cache.type)
    // The same turn for every row of a batch. The keys have their magnitude already.
    const table = arena.floats(ropeTable, MAX_BATCH * ropeDim)
    fillRopeTable(table, { ...this.#frequencies, magnitude: 1 }, to - from, 1)
    for (let row = 1; row < MAX_BATCH; row++) table.copyWithin(row * ropeDim, 0, ropeDim)
    for (let layer = 0; layer < layers; layer++) {
      const keys = cache.keys(layer)
      for (let done = 0; done < count; done += MAX_BATCH) {
        const rows = Math.min(MAX_BATCH, count - done)
        const source = (keys + (from + done) * rowBytes) as Pointer
        kernels.dequantize(kvFormat(cache.type).id, source, k, rows * kvHeads * headDim)
        this.#rope(k, ropeTable, rows, kvHeads, headDim, ropeDim / 2)
        this.#remember(cache, k, keys, to + done, rows)
        yield
      }
      arena.bytes(cache.values(layer), (from + count) * rowBytes).copyWithin(to * rowBytes, from * rowBytes)
      yield
    }
  }

  #embed(ids: ArrayLike<number>): void {
    const { embedding } = this.#weights
    const { format, columns, pointer } = embedding
    const rowBytes = (columns / format.blockElements) * format.blockBytes
    for (let token = 0; token < ids.length; token++) {
      this.engine.kernels.dequantize_row(
        format.id,
        pointer,
        rowBytes,
        ids[token],
        (this.#scratch.hidden + token * columns * 4) as Pointer,
        columns,
      )
    }
  }

  #turnTable(position: number, tokens: number): void {
    const table = this.engine.arena.floats(this.#scratch.ropeTable, tokens * this.config.ropeDim)
    fillRopeTable(table, this.#frequencies, position, tokens)
  }

  /** hidden += outProj(attention(norm(hidden))) */
  *#attention(
    block: Block,
    index: number,
    cache: KvCache,
    position: number,
    tokens: number,
    tiled: boolean,
  ): Generator<Work> {
    const { heads, kvHeads, headDim, ropeDim } = this.config
    const { hidden, q, k, v, attended, ropeTable } = this.#scratch

    yield* this.#project(block.qkv, hidden, tokens, tiled)
    // What is not a number would be lost in attention: a cache of halves takes it for a large number, and a softmax gives it
    // no weight. Everywhere else it spreads to the logits.
    this.#checkNumbers(q, tokens * heads * headDim, 'queries')
    this.#checkNumbers(k, tokens * kvHeads * headDim, 'keys')
    this.#checkNumbers(v, tokens * kvHeads * headDim, 'values')
    this.#rope(q, ropeTable, tokens, heads, headDim, ropeDim / 2)
    this.#rope(k, ropeTable, tokens, kvHeads, headDim, ropeDim / 2)
    this.#remember(cache, k, cache.keys(index), position, tokens)
    this.#remember(cache, v, cache.values(index), position, tokens)
    yield* this.#attend(index, cache, position, tokens)
    yield* this.#project(block.attentionOut, attended, tokens, tiled)
  }

  /** attended = attention(q, keys, values), some of the tokens at a time. */
  *#attend(index: number, cache: KvCache, position: number, tokens: number): Generator<Work> {
    const { kernels } = this.engine
    const { heads, headDim } = this.config
    const { q, attended } = this.#scratch
    const pages = this.#pageTable(kvRowBytes(this.config, cache.type), position + tokens)
    const rowBytes = heads * headDim * 4
    const sizeOf = (rows: number, at: number) => 2 * heads * headDim * rows * (at + rows / 2)
    const wanted = this.#slicer.slices({ kind: 'attention', size: sizeOf(tokens, position) })
    const slices = Math.min(wanted, Math.max(1, Math.floor(tokens / MIN_TILE)))
    for (let slice = 0, first = 0; slice < slices; slice++) {
      const end = Math.floor((tokens * (slice + 1)) / slices)
      kernels.attention(
        this.#attentionShape,
        kvFormat(cache.type).id,
        (q + first * rowBytes) as Pointer,
        pages,
        cache.keys(index),
        cache.values(index),
        (attended + first * rowBytes) as Pointer,
        end - first,
        position + first,
      )
      yield { kind: 'attention', size: sizeOf(end - first, position + first) }
      first = end
    }
  }

  /** A page table of contiguous pages for `positions` positions; the cache's addresses are the offsets in them. */
  #pageTable(positionBytes: number, positions: number): Pointer {
    const { arena } = this.engine
    const length = Math.ceil(positions / PAGE_POSITIONS)
    if (this.#pages.length < length) {
      if (this.#pages.length) arena.free(this.#pages.pointer)
      this.#pages = {
        pointer: arena.allocate(8 * length, 'a page table'),
        length: 2 * length,
        positionBytes: 0,
      }
    }
    const { pointer } = this.#pages
    if (this.#pages.positionBytes !== positionBytes) {
      this.#pages.positionBytes = positionBytes
      const table = new Uint32Array(arena.memory.buffer, pointer, this.#pages.length)
      for (let page = 0; page < table.length; page++) table[page] = page * PAGE_POSITIONS * positionBytes
    }
    return pointer
  }

  /** Throws `NOT_A_NUMBER` where one of f32[count] is NaN or infinite. */
  #checkNumbers(at: Pointer, count: number, what: string): void {
    if (this.engine.kernels.all_finite(at, count)) return
    throw new DasllamaError('NOT_A_NUMBER', `the model's ${what} are not numbers (NaN or infinite)`, {
      hint: "the model's weights are damaged, or a value in it has overflowed: download or convert it again",
    })
  }

  /** Writes `tokens` rows of keys or values to their positions in the cache. */
  #remember(cache: KvCache, from: Pointer, to: Pointer, position: number, tokens: number): void {
    const { config, engine } = this
    const at = (to + position * kvRowBytes(config, cache.type)) as Pointer
    engine.kernels.store(kvFormat(cache.type).id, from, at, tokens * config.kvHeads * config.headDim)
  }

  /** hidden += downProj(gate(gateProj(x)) · upProj(x)) with x = norm(hidden) */
  *#feedForward(block: Block, tokens: number, tiled: boolean): Generator<Work> {
    const { hidden, gate } = this.#scratch
    yield* this.#project(block.gateAndUp, hidden, tokens, tiled)
    yield* this.#project(block.down, gate, tokens, tiled)
  }

  /** Linear layers of `x`, f32[tokens][columns], or of its norm, and what becomes of their products. */
  *#project(projections: Projections, x: Pointer, tokens: number, tiled: boolean): Generator<Work> {
    const { pointer, count, norm, columns, rows } = projections
    const kind: WorkKind = tiled ? 'matmul' : 'matvec'
    const size = rows * columns * tokens
    const most = Math.max(1, Math.floor(rows / count / ROWS_OF_SLICE))
    const slices = Math.min(most, this.#slicer.slices({ kind, size }))
    const work = { kind, size: size / slices }
    for (let slice = 0; slice < slices; slice++) {
      this.engine.kernels.project(
        pointer,
        count,
        norm,
        x,
        columns,
        tokens,
        tiled,
        this.#scratch.workspace,
        slice,
        slices,
      )
      yield work
    }
  }
}

/** Rows of a slice of a product at least: as many as a tile takes. */
const ROWS_OF_SLICE = 8

/** One transformer block as it is played. */
interface Block {
  readonly qkv: Projections
  /** Ends in the residual stream. */
  readonly attentionOut: Projections
  /** Leaves the gated product where the gate was. */
  readonly gateAndUp: Projections
  /** Ends in the residual stream. */
  readonly down: Projections
}

/** Seven a block, and the output. */
function projectionCount({ layers }: Config): number {
  return 7 * layers + 1
}

/** Bytes that a model takes without any session: weights and scratch. */
export function memoryNeed(config: Config, weightBytes: number, engine: Engine): number {
  return weightBytes + scratchBytes(config, engine) + projectionTableBytes(projectionCount(config)) + 64
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`
}

export { MAX_BATCH, MIN_TILE }

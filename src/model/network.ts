import { DasllamaError } from '../errors.js'
import type { ModelFile } from '../gguf/model-file.js'
import type { Engine } from '../wasm/engine.js'
import type { Pointer, Rope } from '../wasm/kernels.js'
import { type Config, readConfig } from './config.js'
import { modelIdentity } from './identity.js'
import { type KvCache, kvFormat, kvRowBytes } from './kv-cache.js'
import { Activations } from './linear.js'
import { type RopeFrequencies, ropeFrequencies } from './rope-scaling.js'
import { fillRopeTable } from './rope-table.js'
import { allocateScratch, MAX_BATCH, MIN_TILE, type Scratch, scratchBytes } from './scratch.js'
import { type Layer, type LoadedTensor, WeightPlan, type Weights } from './weights.js'

export interface LoadOptions {
  /** Bytes that sessions will want on top of weights and scratch; counted into the check before loading. */
  reserve?: (config: Config) => number
  signal?: AbortSignal
  /** Tensor bytes read so far, and altogether. */
  onProgress?: (progress: { loaded: number; total: number }) => void
}

/**
 * A transformer in memory: weights, scratch, and the pass through them. It knows one sequence at a time, by the
 * cache that it is handed, and nothing of sampling or text.
 */
export class Network {
  readonly config: Config
  readonly engine: Engine
  readonly #weights: Weights
  readonly #scratch: Scratch
  readonly #activations: Activations
  readonly #frequencies: RopeFrequencies
  readonly #rope: Rope
  readonly #gate: (gate: Pointer, up: Pointer, n: number) => void
  readonly #tensors: readonly LoadedTensor[]
  #identity: string | undefined
  /** Whether the pass goes through tiles; see `forward`. */
  #tiled = false

  private constructor(config: Config, engine: Engine, weights: Weights, tensors: readonly LoadedTensor[]) {
    const { kernels, arena } = engine
    const { family } = config
    this.config = config
    this.engine = engine
    this.#weights = weights
    this.#tensors = tensors
    this.#scratch = allocateScratch(config, kernels, arena)
    this.#activations = new Activations(engine, this.#scratch)
    this.#frequencies = ropeFrequencies(
      config.ropeDim,
      config.ropeTheta,
      config.ropeScaling,
      weights.ropeFactors,
    )
    this.#rope = family.ropePairs === 'neox' ? kernels.rope_neox : kernels.rope_interleaved
    this.#gate = family.gate === 'gelu' ? kernels.gelu_gate : kernels.silu_gate
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
        `${file.name} needs ${mebibytes(need)} of memory (weights ${mebibytes(plan.bytes)}), and ${mebibytes(engine.arena.available)} are allowed`,
        { hint: 'use a smaller quantisation or contextLength, or raise memoryLimit (4 GiB at most)' },
      )
    }
    const base = engine.arena.allocate(plan.bytes, 'the weights')
    let loaded = 0
    const report = (count: number) => {
      loaded += count
      options.onProgress?.({ loaded, total: plan.fileBytes })
    }
    return new Network(config, engine, await plan.load(base, report, options.signal), plan.tensors(base))
  }

  /** Tells this model from others, on every runtime alike; see `modelIdentity`. */
  get identity(): string {
    this.#identity ??= modelIdentity(this.config, this.#tensors, this.engine.arena)
    return this.#identity
  }

  /** The logits of the last `forward` that asked for them, f32[vocabSize]; a view, overwritten by the next one. */
  logits(): Float32Array {
    return this.engine.arena.floats(this.#scratch.logits, this.config.vocabSize)
  }

  /**
   * Runs `ids` (1 … MAX_BATCH of them) at positions `position`, `position + 1`, …, appending to `cache`, and
   * computes the logits after the last one if `wantLogits`. The caller has checked ids and room.
   *
   * `tiled`: fewer than MIN_TILE tokens go through the tiles too, at the cost of MIN_TILE. A token's bits depend on
   * the way that it and those before it went, and on nothing else.
   */
  forward(
    cache: KvCache,
    ids: ArrayLike<number>,
    position: number,
    wantLogits: boolean,
    tiled = ids.length >= MIN_TILE,
  ): void {
    const { embeddingLength } = this.config
    const { hidden } = this.#scratch
    const tokens = ids.length
    this.#tiled = tiled || tokens >= MIN_TILE
    this.#embed(ids)
    this.#turnTable(position, tokens)
    for (let index = 0; index < this.#weights.layers.length; index++) {
      const layer = this.#weights.layers[index]
      this.#attention(layer, index, cache, position, tokens)
      this.#feedForward(layer, tokens)
    }
    if (wantLogits) this.#output((hidden + (tokens - 1) * embeddingLength * 4) as Pointer)
  }

  /**
   * Moves what the cache holds at `count` positions from `from` on down to `to`. A key knows its position by its
   * rotation, so each is turned back by the distance: through f32, hence rounded once more.
   */
  shift(cache: KvCache, from: number, to: number, count: number): void {
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
      }
      arena.bytes(cache.values(layer), (from + count) * rowBytes).copyWithin(to * rowBytes, from * rowBytes)
    }
  }

  #embed(ids: ArrayLike<number>): void {
    const { embedding } = this.#weights
    const { format, columns, pointer } = embedding
    const rowBytes = (columns / format.blockElements) * format.blockBytes
    for (let token = 0; token < ids.length; token++) {
      this.engine.kernels.dequantize(
        format.id,
        (pointer + ids[token] * rowBytes) as Pointer,
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
  #attention(layer: Layer, index: number, cache: KvCache, position: number, tokens: number): void {
    const { kernels } = this.engine
    const { heads, kvHeads, headDim, embeddingLength, ropeDim, attentionScale } = this.config
    const { hidden, normed, q, k, v, attended, ropeTable } = this.#scratch

    this.#norm(layer.attentionNorm, tokens)
    const input = this.#activations.set(normed, embeddingLength, tokens, this.#tiled)
    input.project(layer.qProj, q)
    input.project(layer.kProj, k)
    input.project(layer.vProj, v)
    this.#rope(q, ropeTable, tokens, heads, headDim, ropeDim / 2)
    this.#rope(k, ropeTable, tokens, kvHeads, headDim, ropeDim / 2)

    const keys = cache.keys(index)
    const values = cache.values(index)
    this.#remember(cache, k, keys, position, tokens)
    this.#remember(cache, v, values, position, tokens)
    const attend = kernels[`attention_${cache.type}` as const]
    attend(q, keys, values, attended, cache.scores, tokens, position, heads, kvHeads, headDim, attentionScale)

    this.#activations.set(attended, heads * headDim, tokens, this.#tiled).project(layer.outProj, normed)
    kernels.add(normed, hidden, tokens * embeddingLength)
  }

  /** Writes `tokens` rows of keys or values to their positions in the cache. */
  #remember(cache: KvCache, from: Pointer, to: Pointer, position: number, tokens: number): void {
    const { config, engine } = this
    const at = (to + position * kvRowBytes(config, cache.type)) as Pointer
    engine.kernels[`store_${cache.type}` as const](from, at, tokens * config.kvHeads * config.headDim)
  }

  /** hidden += downProj(gate(gateProj(x)) · upProj(x)) with x = norm(hidden) */
  #feedForward(layer: Layer, tokens: number): void {
    const { kernels } = this.engine
    const { embeddingLength, feedForwardLength } = this.config
    const { hidden, normed, gate, up } = this.#scratch

    this.#norm(layer.feedForwardNorm, tokens)
    const input = this.#activations.set(normed, embeddingLength, tokens, this.#tiled)
    input.project(layer.gateProj, gate)
    input.project(layer.upProj, up)
    this.#gate(gate, up, tokens * feedForwardLength)
    this.#activations.set(gate, feedForwardLength, tokens, this.#tiled).project(layer.downProj, normed)
    kernels.add(normed, hidden, tokens * embeddingLength)
  }

  /** logits = output(norm(hidden)) for one token. */
  #output(hidden: Pointer): void {
    const { embeddingLength, rmsEpsilon } = this.config
    const { normed, logits } = this.#scratch
    this.engine.kernels.rmsnorm(hidden, this.#weights.outputNorm, normed, embeddingLength, rmsEpsilon)
    this.#activations.set(normed, embeddingLength, 1, false).project(this.#weights.output, logits)
  }

  /** normed = norm(hidden), token by token. */
  #norm(weight: Pointer, tokens: number): void {
    const { embeddingLength, rmsEpsilon } = this.config
    const { hidden, normed } = this.#scratch
    for (let token = 0; token < tokens; token++) {
      const at = token * embeddingLength * 4
      this.engine.kernels.rmsnorm(
        (hidden + at) as Pointer,
        weight,
        (normed + at) as Pointer,
        embeddingLength,
        rmsEpsilon,
      )
    }
  }
}

/** Bytes that a model takes without any session: weights and scratch. */
export function memoryNeed(config: Config, weightBytes: number, engine: Engine): number {
  return weightBytes + scratchBytes(config, engine.kernels)
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`
}

export { MAX_BATCH, MIN_TILE }

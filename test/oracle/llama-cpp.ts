import { getLlama, type Llama, LlamaLogLevel, readGgufFileInfo, type Token } from 'node-llama-cpp'
import type { Pooling } from '../../src/index.js'
import { argmax } from '../../src/sampling/passes.js'
import type { TokenId } from '../../src/tokenizer/tokenizer.js'

/** llama.cpp's results after a prompt and the ids that it has chosen so far. */
export interface OracleStep {
  /** The likeliest next id, the lowest on ties. */
  readonly id: TokenId
  /** Raw, f32[vocabSize]. */
  readonly logits: Float32Array
}

/** node-llama-cpp's internals: its embedding context does not expose the kind of pooling. */
interface AddonContext {
  initBatch(tokens: number): void
  addToBatch(sequence: number, position: number, ids: Uint32Array, logitIndexes: Uint32Array): void
  decodeBatch(): Promise<void>
  removeTokenCellsFromSequence(sequence: number, start: number, end: number): boolean
  getEmbedding(tokens: number): Float64Array
}

/** `llama_pooling_type`. */
const POOLING_TYPE = { mean: 1, cls: 2, last: 3, rank: 4 }

/** node-llama-cpp on the CPU, as it was built, without log output. */
export function startLlama(): Promise<Llama> {
  return getLlama({ gpu: false, build: 'never', progressLogs: false, logLevel: LlamaLogLevel.disabled })
}

/**
 * llama.cpp on the CPU, through node-llama-cpp. Its cache is f16, as ours is; flash attention is off, because on the
 * CPU it accumulates values in f16.
 */
export class LlamaCpp {
  readonly #llama: Llama

  private constructor(llama: Llama) {
    this.#llama = llama
  }

  static async start(): Promise<LlamaCpp> {
    return new LlamaCpp(await startLlama())
  }

  /**
   * Continues each prompt greedily for `steps` ids, whatever they are: an end of text does not end it. Prompts are
   * ids and are used unchanged, without a BOS in front.
   */
  async greedy(
    modelPath: string,
    prompts: readonly (readonly TokenId[])[],
    steps: number,
  ): Promise<OracleStep[][]> {
    const model = await this.#llama.loadModel({ modelPath, defaultContextFlashAttention: false })
    try {
      const context = await model.createContext({
        contextSize: Math.max(...prompts.map((prompt) => prompt.length)) + steps,
        threads: 1,
        ignoreMemorySafetyChecks: true,
      })
      const sequence = context.getSequence()
      /** The logits after `ids`, which come after everything evaluated before. */
      const evaluate = async (ids: readonly TokenId[]): Promise<OracleStep> => {
        const last = ids.length - 1
        const results = await sequence.controlledEvaluate([
          ...(ids.slice(0, last) as Token[]),
          [ids[last] as Token, { generateNext: { logits: true } }],
        ])
        const logits = vectorOf(results[last]?.next.logits)
        return { id: argmax(logits, logits.length), logits }
      }
      const runs: OracleStep[][] = []
      for (const prompt of prompts) {
        await sequence.clearHistory()
        const run = [await evaluate(prompt)]
        while (run.length < steps) run.push(await evaluate([run[run.length - 1].id]))
        runs.push(run)
      }
      return runs
    } finally {
      await model.dispose()
    }
  }

  /**
   * llama.cpp's raw logits before each id, from number `from` on, of sequences that are used unchanged:
   * f32[vocabSize] each.
   */
  async logitsBefore(
    modelPath: string,
    sequences: readonly (readonly TokenId[])[],
    from: number,
  ): Promise<Float32Array[][]> {
    const model = await this.#llama.loadModel({ modelPath, defaultContextFlashAttention: false })
    try {
      const context = await model.createContext({
        contextSize: Math.max(...sequences.map((ids) => ids.length)),
        threads: 1,
        ignoreMemorySafetyChecks: true,
      })
      const sequence = context.getSequence()
      const found: Float32Array[][] = []
      for (const ids of sequences) {
        await sequence.clearHistory()
        const results = await sequence.controlledEvaluate(
          ids.map((id, index) =>
            index >= from - 1 ? [id as Token, { generateNext: { logits: true } }] : (id as Token),
          ),
        )
        found.push(results.slice(from - 1, ids.length - 1).map((result) => vectorOf(result?.next.logits)))
      }
      return found
    } finally {
      await model.dispose()
    }
  }

  /**
   * The embedding of each text, given as ids that are used unchanged, pooled by llama.cpp itself and not normalised. llama.cpp
   * takes the kind of pooling from the model's file, so the file is changed. `rank`: the scores of a reranker.
   */
  async embeddings(
    modelPath: string,
    texts: readonly (readonly TokenId[])[],
    pooling: Exclude<Pooling, 'none'> | 'rank',
  ): Promise<Float64Array[]> {
    const { architecture } = (await readGgufFileInfo(modelPath, { readTensorInfo: false })).metadata.general
    const metadataOverrides = { [architecture]: { pooling_type: POOLING_TYPE[pooling] } } as object
    const model = await this.#llama.loadModel({
      modelPath,
      defaultContextFlashAttention: false,
      metadataOverrides,
    })
    try {
      const longest = Math.max(...texts.map((ids) => ids.length))
      const options = {
        contextSize: longest,
        // A text must not be split into batches, because each would be pooled separately.
        batchSize: longest,
        threads: 1,
        ignoreMemorySafetyChecks: true,
        _embeddings: true,
      }
      const context = await model.createContext(options)
      const { _ctx: addon } = context as unknown as { readonly _ctx: AddonContext }
      const vectors: Float64Array[] = []
      for (const ids of texts) {
        addon.initBatch(ids.length)
        addon.addToBatch(0, 0, Uint32Array.from(ids), Uint32Array.from(ids.keys()))
        await addon.decodeBatch()
        vectors.push(addon.getEmbedding(ids.length))
        if (!addon.removeTokenCellsFromSequence(0, 0, ids.length))
          throw new Error('llama.cpp cannot remove tokens')
      }
      return vectors
    } finally {
      await model.dispose()
    }
  }

  /** A text's embedding by the public interface, which takes the last token's hidden state of a model like these. */
  async embedding(modelPath: string, text: string): Promise<readonly number[]> {
    const model = await this.#llama.loadModel({ modelPath, defaultContextFlashAttention: false })
    try {
      const context = await model.createEmbeddingContext({ threads: 1, ignoreMemorySafetyChecks: true })
      return (await context.getEmbeddingFor(text)).vector
    } finally {
      await model.dispose()
    }
  }

  dispose(): Promise<void> {
    return this.#llama.dispose()
  }
}

function vectorOf(found: ReadonlyMap<Token, number> | undefined): Float32Array {
  if (!found) throw new Error('llama.cpp gives no logits')
  const logits = new Float32Array(found.size)
  for (const [id, logit] of found) logits[id] = logit
  return logits
}

import { getLlama, type Llama, LlamaLogLevel, type Token } from 'node-llama-cpp'
import { argmax } from '../../src/sampling/passes.js'
import type { TokenId } from '../../src/tokenizer/tokenizer.js'

/** What llama.cpp says after a prompt and the ids that it has chosen so far. */
export interface OracleStep {
  /** The likeliest next id, the lowest on ties. */
  readonly id: TokenId
  /** Raw, f32[vocabSize]. */
  readonly logits: Float32Array
}

/**
 * llama.cpp on the CPU, through node-llama-cpp. Its cache is f16, as ours is; flash attention is off, because on the
 * CPU it adds up values in f16.
 */
export class LlamaCpp {
  readonly #llama: Llama

  private constructor(llama: Llama) {
    this.#llama = llama
  }

  static async start(): Promise<LlamaCpp> {
    return new LlamaCpp(
      await getLlama({ gpu: false, build: 'never', progressLogs: false, logLevel: LlamaLogLevel.disabled }),
    )
  }

  /**
   * Continues each prompt greedily for `steps` ids, whatever they are: an end of text does not end it. Prompts are
   * ids and are taken as they are, without a BOS in front.
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
        const found = results[last]?.next.logits
        if (!found) throw new Error('llama.cpp gives no logits')
        const logits = new Float32Array(found.size)
        for (const [id, logit] of found) logits[id] = logit
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

  dispose(): Promise<void> {
    return this.#llama.dispose()
  }
}

/**
 * wllama 3, llama.cpp's server as WebAssembly, on a web page; its worker evaluates. Its only interface is a completion of
 * a text (ids instead of it fail, 3.13.0), so the text is built to have the required number of tokens.
 */
import type { Contestant, LoadOptions } from '../../contestants/contestant.js'

/** The part of its API that is used here. */
interface Wllama {
  loadModel(blobs: Blob[], options: Readonly<Record<string, unknown>>): Promise<void>
  createCompletion(
    options: Readonly<Record<string, unknown>>,
  ): Promise<{ usage: { prompt_tokens: number; completion_tokens: number } }>
}

interface WllamaModule {
  readonly Wllama: new (
    paths: Readonly<Record<string, string>>,
    options: { suppressNativeLog: boolean },
  ) => Wllama
}

const PACKAGE = '/bench/rivals/wllama-3/node_modules/@wllama/wllama/'
/** A character without a piece in any vocabulary: it becomes the token of its byte. */
const CHARACTER = '\u0001'

/** llama-bench's batch size for llama.cpp. */
const BATCH = 512

/** From its import to a loaded model. */
export async function loadWllama(url: string, { contextLength, threads }: LoadOptions): Promise<Wllama> {
  const { Wllama }: WllamaModule = await import(`${PACKAGE}esm/index.js`)
  const wllama = new Wllama({ default: `${PACKAGE}esm/wasm/wllama.wasm` }, { suppressNativeLog: true })
  const model = await (await fetch(url)).blob()
  await wllama.loadModel([model], {
    n_ctx: contextLength,
    n_batch: BATCH,
    n_ubatch: BATCH,
    n_threads: threads,
    n_parallel: 1,
    n_gpu_layers: 0,
    warmup: false,
  })
  return wllama
}

export const contestant: Contestant = {
  async describe() {
    const { version } = await (await fetch(`${PACKAGE}package.json`)).json()
    return { wllama: version }
  },

  async load(url, options) {
    const wllama = await loadWllama(url, options)

    /** Evaluates a text from an empty context and generates `tokens` tokens; returns the number of tokens of the text. */
    async function complete(characters: number, tokens: number): Promise<number> {
      const { usage } = await wllama.createCompletion({
        prompt: CHARACTER.repeat(characters),
        max_tokens: tokens,
        temperature: 0,
        ignore_eos: true,
        cache_prompt: false,
      })
      if (usage.completion_tokens !== tokens) {
        throw new Error(`${usage.completion_tokens} tokens were generated, ${tokens} expected`)
      }
      return usage.prompt_tokens
    }

    /** The number of tokens that the tokenizer adds to a text. */
    const added = (await complete(1, 1)) - 1

    return {
      async rewind(length) {
        if (length > 0) throw new Error('it can rewind to the beginning only')
      },
      async prefill({ length }) {
        const tokens = await complete(length - added, 1)
        if (tokens !== length)
          throw new Error(`a prompt of ${tokens} tokens was evaluated, ${length} expected`)
      },
      // The shortest prompt is evaluated in one call; the last chosen token is not evaluated.
      async decode({ length }) {
        await complete(1, length - added)
      },
    }
  },
}

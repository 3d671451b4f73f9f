/** wllama 2.3.1, llama.cpp as WebAssembly, on a web page; its worker evaluates. */
import type { Contestant } from '../../contestants/contestant.js'

/** The part of its API that is used here. */
interface Wllama {
  loadModel(blobs: Blob[], options: { n_ctx: number; n_batch: number; n_threads: number }): Promise<void>
  /** In batches of `n_batch`, with logits after the last id; they stay in the worker. */
  decode(ids: readonly number[], options: object): Promise<unknown>
  kvClear(): Promise<void>
}

interface WllamaModule {
  readonly Wllama: new (
    paths: Readonly<Record<string, string>>,
    options: { suppressNativeLog: boolean },
  ) => Wllama
}

const PACKAGE = '/bench/rivals/wllama-2.3.1/node_modules/@wllama/wllama/'
/** llama-bench's batch size for llama.cpp. */
const BATCH = 512

export const contestant: Contestant = {
  async describe() {
    const { version } = await (await fetch(`${PACKAGE}package.json`)).json()
    return { wllama: version }
  },

  async load(url, { contextLength, threads }) {
    const { Wllama }: WllamaModule = await import(`${PACKAGE}esm/index.js`)
    const builds = ['single-thread/wllama.wasm', 'multi-thread/wllama.wasm']
    const paths = Object.fromEntries(builds.map((build) => [build, `${PACKAGE}esm/${build}`]))
    const wllama = new Wllama(paths, { suppressNativeLog: true })
    const model = await (await fetch(url)).blob()
    await wllama.loadModel([model], { n_ctx: contextLength, n_batch: BATCH, n_threads: threads })
    return {
      async rewind(length) {
        if (length > 0) throw new Error('it can rewind to the beginning only')
        await wllama.kvClear()
      },
      async prefill(ids) {
        await wllama.decode(ids, {})
      },
      async decode(ids) {
        for (const id of ids) await wllama.decode([id], {})
      },
    }
  },
}

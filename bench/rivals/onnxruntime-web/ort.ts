/** onnxruntime-web on the processor, in a page's worker, with a model of the same shape (model.ts). */
import type { Contestant } from '../../contestants/contestant.js'

/** The part of its API that is used here. */
interface Tensor {
  readonly dims: readonly number[]
}

interface Session {
  /** A name stands for a length that is known at run time. */
  readonly inputMetadata: readonly { readonly name: string; readonly shape: readonly (number | string)[] }[]
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>>
}

interface Runtime {
  readonly env: { readonly wasm: { numThreads?: number; wasmPaths?: string } }
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => Tensor
  readonly InferenceSession: {
    create(url: string, options: Readonly<Record<string, unknown>>): Promise<Session>
  }
}

const PACKAGE = '/bench/rivals/onnxruntime-web/node_modules/onnxruntime-web/'

function open(): Promise<Runtime> {
  return import(`${PACKAGE}dist/ort.wasm.min.mjs`)
}

export const contestant: Contestant = {
  async describe() {
    const { version } = await (await fetch(`${PACKAGE}package.json`)).json()
    return { 'onnxruntime-web': version }
  },

  async load(url, { threads }) {
    const { env, Tensor, InferenceSession } = await open()
    env.wasm.numThreads = threads
    env.wasm.wasmPaths = new URL(`${PACKAGE}dist/`, location.origin).href
    const session = await InferenceSession.create(url, {
      executionProviders: ['wasm'],
      graphOptimizationLevel: 'all',
    })
    const caches = session.inputMetadata.filter(({ name }) => name.startsWith('past.'))
    let position = 0
    let cached: Record<string, Tensor> = {}

    async function evaluate(ids: readonly number[]): Promise<void> {
      position += ids.length
      const feeds = {
        ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]),
        last: new Tensor('int32', Int32Array.of(position - 1), [1]),
        total: new Tensor('int32', Int32Array.of(position), []),
        ...cached,
      }
      const outputs = await session.run(feeds)
      const present = caches.map(({ name }) => [name, outputs[name.replace('past', 'present')]])
      cached = Object.fromEntries(present)
    }

    return {
      async rewind(length) {
        if (length > 0) throw new Error('it can rewind to the beginning only')
        position = 0
        const empty = (shape: readonly (number | string)[]) =>
          new Tensor(
            'float32',
            new Float32Array(0),
            shape.map((n) => (typeof n === 'number' ? n : 0)),
          )
        cached = Object.fromEntries(caches.map(({ name, shape }) => [name, empty(shape)]))
      },
      prefill: (ids) => evaluate(ids),
      async decode(ids) {
        for (const id of ids) await evaluate([id])
      },
    }
  },
}

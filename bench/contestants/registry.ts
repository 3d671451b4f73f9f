/** All contestants, in the order of their turns. */
import type { Host } from '../hosts/open.js'
import type { ModelFiles } from '../models/catalog.js'
import { onnxOfShape } from '../models/onnx.js'
import type { LoadOptions } from './contestant.js'

export interface Entrant {
  readonly name: string
  /** What its figures include, in a line for the record. */
  readonly how: string
  readonly module: URL
  readonly host: Host
  readonly kernels?: LoadOptions['kernels']
  /** Which of a model's files it reads. Default: `path`. Rejects for an unsupported model. */
  file?(files: ModelFiles): string | Promise<string>
  /** Our contestants that it is compared with, in the same host. Empty for our own. */
  readonly against: readonly string[]
  /** A folder with a separate package.json, installed on demand. */
  readonly folder?: URL
}

const at = (path: string) => new URL(path, import.meta.url)
const gguf = (files: ModelFiles) => files.gguf

const OURS = { module: at('dasllama.ts'), against: [] }
const API = 'dist/ through the public API, session.eval(ids)'

const NATIVE = {
  // One thread that calls llama.cpp: see rivals/node-llama-cpp/README.md.
  host: { engine: 'node', env: { UV_THREADPOOL_SIZE: '1' } },
  file: gguf,
  against: ['dasllama', 'dasllama baseline', 'dasllama wide'],
}
const IN_PAGE = {
  host: { browser: 'chromium', inWorker: false },
  file: gguf,
  against: ['dasllama in Chromium'],
} as const

const ONNX = {
  host: { browser: 'chromium', inWorker: true },
  how: 'InferenceSession.run on the processor, in a worker of a page: a model of the same shape with its own weights, keys and values returned as tensors, logits of the last token, no sampling',
  module: at('../rivals/onnxruntime-web/ort.ts'),
  folder: at('../rivals/onnxruntime-web/'),
  against: ['dasllama in Chromium'],
} as const

export const ENTRANTS: readonly Entrant[] = [
  {
    ...OURS,
    name: 'dasllama',
    how: `${API}; relaxed kernels`,
    host: { engine: 'node 24' },
    kernels: 'relaxed',
  },
  {
    ...OURS,
    name: 'dasllama baseline',
    how: `${API}; baseline kernels`,
    host: { engine: 'node 20' },
    kernels: 'baseline',
  },
  {
    ...OURS,
    name: 'dasllama wide',
    how: `${API}; kernels: 'wide', which enables V8's experimental 256-bit vectors`,
    host: { engine: 'node 24' },
    kernels: 'wide',
  },
  {
    ...NATIVE,
    name: 'llama.cpp',
    how: "node-llama-cpp's native addon driven directly: llama_decode and one promise per call, no queue, no sampling",
    module: at('../rivals/node-llama-cpp/addon.ts'),
  },
  {
    ...NATIVE,
    name: 'llama.cpp without AMX',
    how: 'the same, with the instructions of a CPU that lacks AMX',
    module: at('../rivals/node-llama-cpp/addon-without-amx.ts'),
    against: ['dasllama', 'dasllama baseline'],
  },
  {
    ...NATIVE,
    name: 'node-llama-cpp',
    how: 'the public API, sequence.controlledEvaluate: includes its queue, locks and greedy sampling, because there is no public way to get logits without them',
    module: at('../rivals/node-llama-cpp/public.ts'),
  },
  {
    ...OURS,
    name: 'dasllama in Chromium',
    how: `${API}, in a worker of a page; relaxed kernels`,
    host: { browser: 'chromium', inWorker: true },
    kernels: 'relaxed',
  },
  {
    ...IN_PAGE,
    name: 'wllama 2',
    how: 'decode(ids): a message to its worker and back per call, no sampling; no relaxed SIMD in its build',
    module: at('../rivals/wllama-2.3.1/wllama.ts'),
    folder: at('../rivals/wllama-2.3.1/'),
  },
  {
    ...IN_PAGE,
    name: 'wllama 3',
    how: 'createCompletion, its only interface: a prompt is a text with that number of tokens, followed by one greedy token; generated tokens are its own greedy choices, with their text, after a prompt of three; the CPU only, no WebGPU',
    module: at('../rivals/wllama-3/wllama.ts'),
    folder: at('../rivals/wllama-3/'),
  },
  {
    ...ONNX,
    name: 'onnxruntime-web u8',
    how: `${ONNX.how}, weights and activations in 8 bits`,
    file: (files) => onnxOfShape(files, 'u8'),
  },
  {
    ...ONNX,
    name: 'onnxruntime-web q4',
    how: `${ONNX.how}, weights in 4 bits`,
    file: (files) => onnxOfShape(files, 'q4'),
  },
]

/** What `npm run bench` compares by default. */
export const NATIVE_ENTRANTS = ENTRANTS.filter(({ host }) => 'engine' in host)

/** Contestants by name. Throws for an unknown one. */
export function entrantsCalled(names: readonly string[]): Entrant[] {
  return names.map((name) => {
    const found = ENTRANTS.find((entrant) => entrant.name === name)
    if (found) return found
    throw new Error(`no contestant ${name}: ${ENTRANTS.map(({ name }) => name).join(', ')}`)
  })
}

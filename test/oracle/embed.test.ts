import { join } from 'node:path'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { checkpointToGguf } from '../../bench/models/checkpoint-to-gguf.js'
import { embed, loadModel } from '../../src/index.js'
import { FAMILY_CASES } from '../support/family-models/index.js'
import { STORIES_15M, TINY_STORIES, temporaryFolder, writeModelFile } from '../support/model-files.js'
import { FORMAT_CASES, type ModelCase, randomIds, VARIANTS } from '../support/random-models.js'
import { LlamaCpp } from './llama-cpp.js'
import { expectVector, expectVectors } from './vectors.js'

const TEXTS = ['Once upon a time there was a little girl named Lily.', 'Tom', 'The dog ran fast. '.repeat(15)]

let oracle: LlamaCpp
let folder: Awaited<ReturnType<typeof temporaryFolder>>

beforeAll(async () => {
  folder = await temporaryFolder()
  oracle = await LlamaCpp.start()
})

afterAll(async () => {
  await oracle?.dispose()
  await folder?.[Symbol.asyncDispose]()
})

const VARIED = [...VARIANTS, ...FAMILY_CASES].filter(
  ({ name, brief, deep, notInLlamaCpp }) =>
    !brief && !deep && !notInLlamaCpp && /tied|biases|YaRN$|widths|stream|mixture/.test(name),
)

describe.for(['baseline', 'relaxed'] as const)('with %s kernels', (kernels) => {
  const cases: readonly ModelCase[] = kernels === 'baseline' ? [...FORMAT_CASES, ...VARIED] : FORMAT_CASES

  it.for(cases)("vectors are llama.cpp's: $name", async ({ name, format, vocab, parts }) => {
    const path = join(folder.path, 'model.gguf')
    await writeModelFile(path, parts)
    // More than a batch of 64; fewer than a tile has.
    const texts = [75, 3].map((length) => randomIds(length, vocab, name))
    await expectVectors(oracle, { path, format }, () => texts, { kernels })
  })
})

it("stories15M's vectors are llama.cpp's, which reads it as GGUF", async () => {
  const oraclePath = join(folder.path, 'stories15M.F32.gguf')
  await writeModelFile(oraclePath, await checkpointToGguf(STORIES_15M))
  await expectVectors(oracle, { path: STORIES_15M, oraclePath, format: 'F32' }, (encode) => TEXTS.map(encode))
})

describe('tiny-stories', () => {
  it("has llama.cpp's vectors", async () => {
    await expectVectors(oracle, { path: TINY_STORIES, format: 'Q8_0' }, (encode) => TEXTS.map(encode))
  })

  it("has the vectors of node-llama-cpp's embedding context, which are the last token's", async () => {
    await using model = await loadModel(TINY_STORIES)
    for (const text of TEXTS) {
      const expected = await oracle.embedding(TINY_STORIES, text)
      const actual = await embed(model, text, { pooling: 'last', normalize: false })
      expectVector(actual, expected, 'Q8_0')
    }
  })
})

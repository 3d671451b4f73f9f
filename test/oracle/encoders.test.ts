import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PairEncoder } from '../../src/facade/rerank-pair.js'
import { cosineSimilarity, embed, loadModel, rerank } from '../../src/index.js'
import { ENCODER_CASES, RERANKER_CASES } from '../support/family-models/encoders.js'
import { temporaryFolder, writeModelFile } from '../support/model-files.js'
import { randomIds } from '../support/random-models.js'
import { LlamaCpp } from './llama-cpp.js'

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

/** Largest 1 − cosine. Measured: 1e-7 in F32, 1e-4 in Q8_0 and Q4_K, whose activations llama.cpp rounds. */
const ANGLES: Readonly<Record<string, number>> = { F32: 1e-5, Q8_0: 1e-3, Q4_K: 2e-3 }

const asked = ENCODER_CASES.filter(({ notInLlamaCpp }) => notInLlamaCpp === undefined)

it.for(asked)("vectors are llama.cpp's: $name", async (encoderCase, { task }) => {
  const { name, architecture, format, vocab, parts, prompts = [] } = encoderCase
  const path = join(folder.path, 'encoder.gguf')
  await writeModelFile(path, parts)
  const texts = prompts.map((length) => randomIds(length, vocab, name))
  await using model = await loadModel(path, { kernels: 'baseline' })
  const angles: number[] = []
  for (const pooling of name.startsWith('bert, layer')
    ? (['mean', 'cls', 'last'] as const)
    : (['mean'] as const)) {
    const expected = await oracle.embeddings(path, texts, pooling)
    const actual = await embed(model, texts, { pooling, normalize: false })
    for (const [i, vector] of actual.entries()) {
      angles.push(1 - cosineSimilarity(vector, expected[i]))
      expect(Math.hypot(...vector) / Math.hypot(...expected[i])).toBeCloseTo(1, 2)
    }
  }
  const difference = Math.max(...angles)
  const equal = angles.filter((angle) => angle < ANGLES[format]).length
  const row = { model: `random: ${name}`, architecture, format, what: 'vectors' } as const
  task.meta.oracle = { ...row, compared: angles.length, equal, difference }
  expect(difference).toBeLessThan(ANGLES[format])
})

describe('rerankers', () => {
  const QUERY = 'what do pandas eat'
  const DOCUMENTS = ['Bamboo.', 'The panda is a bear. '.repeat(20), 'Trucks run on diesel', '']

  it.for(RERANKER_CASES)("scores are llama.cpp's: $name", async ({ parts }) => {
    const path = join(folder.path, 'reranker.gguf')
    await writeModelFile(path, parts)
    await using model = await loadModel(path, { kernels: 'baseline' })
    const pairs = new PairEncoder(model, QUERY, 'error')
    const ids = DOCUMENTS.map((document) => pairs.encode(document, 'it'))
    const expected = (await oracle.embeddings(path, ids, 'rank')).map(([score]) => score)
    const ranked = await rerank(model, QUERY, DOCUMENTS)
    const order = [...DOCUMENTS.keys()].sort((a, b) => expected[b] - expected[a])
    expect(ranked.map(({ index }) => index)).toEqual(order)
    for (const { index, score } of ranked) expect(Math.abs(score - expected[index])).toBeLessThan(2e-3)
    expect(await rerank(model, QUERY, DOCUMENTS, { topN: 2 })).toEqual(ranked.slice(0, 2))
  })
})

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { checkpointToGguf } from '../../bench/models/checkpoint-to-gguf.js'
import { type Chunks, chunksOf, type Estimate, perplexity } from '../../src/cli/perplexity/estimate.js'
import { loadModel, type Model } from '../../src/index.js'
import { logProbabilities } from '../support/logits.js'
import { STORIES_15M, TINY_STORIES, temporaryFolder, writeModelFile } from '../support/model-files.js'
import { LlamaCpp } from './llama-cpp.js'

const CONTEXT = 128

let oracle: LlamaCpp
beforeAll(async () => {
  oracle = await LlamaCpp.start()
})
afterAll(() => oracle?.dispose())

/** A story of the model's own kind. */
async function story(model: Model): Promise<string> {
  using session = model.createSession({ seed: 3, contextShift: true })
  const generation = session.generate('Once upon a time', { temp: 0.9, maxTokens: 400, ignoreEos: true })
  for await (const _ of generation) {
    // Only the whole text is wanted.
  }
  return `Once upon a time${generation.text}`
}

/** What llama.cpp's log-probabilities amount to, with the windows of its own program. */
async function expected(path: string, chunks: Chunks): Promise<Estimate> {
  const sequences = Array.from({ length: chunks.count }, (_, index) => chunks.chunk(index))
  const first = CONTEXT / 2 + 1
  const logits = await oracle.logitsBefore(path, sequences, first)
  const surprises = sequences.flatMap((ids, chunk) =>
    ids.slice(first).map((id, index) => -logProbabilities(logits[chunk][index])[id]),
  )
  const mean = surprises.reduce((sum, surprise) => sum + surprise) / surprises.length
  const variance = surprises.reduce((sum, each) => sum + (each - mean) ** 2, 0) / surprises.length
  const error = Math.sqrt(variance / (surprises.length - 1))
  return { perplexity: Math.exp(mean), error: Math.exp(mean) * error, scored: surprises.length }
}

async function compare(
  path: string,
  oraclePath: string,
  texts: (model: Model) => Promise<readonly string[]>,
  { chunks: count, within }: { readonly chunks: number; readonly within: number },
): Promise<void> {
  await using model = await loadModel(path)
  for (const text of await texts(model)) {
    const windows = { context: CONTEXT, chunks: count }
    const chunks = chunksOf(model, text, windows)
    let ours: Estimate | undefined
    for await (const estimate of perplexity(model, chunks, windows)) ours = estimate
    const theirs = await expected(oraclePath, chunks)
    expect(ours?.scored).toBe(theirs.scored)
    expect(Math.abs(ours!.perplexity / theirs.perplexity - 1)).toBeLessThan(within)
    expect(Math.abs(ours!.error / theirs.error - 1)).toBeLessThan(within)
  }
}

const licence = () => readFile(new URL('../../LICENSE', import.meta.url), 'utf8')

// llama.cpp rounds activations to 8 bits: 6e-4 measured.
it("tiny-stories' perplexity of a story and of the licence is llama.cpp's", () =>
  compare(TINY_STORIES, TINY_STORIES, async (model) => [await story(model), await licence()], {
    chunks: 8,
    within: 2e-3,
  }))

it("stories15M's perplexity of the licence is llama.cpp's, in f32", async () => {
  await using folder = await temporaryFolder()
  const oraclePath = join(folder.path, 'stories15M.F32.gguf')
  await writeModelFile(oraclePath, await checkpointToGguf(STORIES_15M))
  // 1.2e-4 measured over 8 chunks.
  await compare(STORIES_15M, oraclePath, async () => [await licence()], { chunks: 2, within: 1e-3 })
})

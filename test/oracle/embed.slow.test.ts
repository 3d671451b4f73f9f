import { existsSync } from 'node:fs'
import { afterAll, beforeAll, it } from 'vitest'
import { tinyLlamaPath } from '../../scripts/models.mjs'
import { LlamaCpp } from './llama-cpp.js'
import { expectVectors } from './vectors.js'

const path = tinyLlamaPath()
// Where tests run unattended, a missing model must not pass for a tested one.
const isSkipped = !existsSync(path) && !process.env.CI
if (isSkipped) console.info(`skipped: no ${path}; npm run models fetches it`)

/**
 * Measured: 3.6e-3 and 0.019, at the BOS token, whose activations are the largest. All of it is llama.cpp's rounding:
 * from a pass in f64 over that token it is 3.6e-3 and 0.019 away, and this engine 9e-9 and 1.5e-5.
 */
const DISTANCE = { angle: 6e-3, length: 0.03 }

let oracle: LlamaCpp
beforeAll(async () => {
  oracle = await LlamaCpp.start()
})
afterAll(() => oracle?.dispose())

it.skipIf(isSkipped)("TinyLlama-1.1B's vectors are llama.cpp's", async () => {
  const texts = [
    'How do I sort a list in Python?',
    'The cat curled up on the warm windowsill and fell asleep.',
  ]
  await expectVectors(oracle, { path, format: 'IQ2_XXS' }, (encode) => texts.map(encode), {
    distance: DISTANCE,
  })
})

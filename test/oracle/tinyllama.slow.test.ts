import { existsSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { tinyLlamaPath } from '../../scripts/models.mjs'
import { followText } from './follow.js'
import { LlamaCpp } from './llama-cpp.js'
import { table } from './table.js'

const PROMPT = '1, 2, 3, 4, 5, 6, 7,'
const STEPS = 40

const path = tinyLlamaPath()
// In CI a missing model must not count as tested.
const isSkipped = !existsSync(path) && !process.env.CI
if (isSkipped) console.info(`skipped: no ${path}; npm run models fetches it`)

let oracle: LlamaCpp
beforeAll(async () => {
  oracle = await LlamaCpp.start()
})
afterAll(() => oracle?.dispose())

it.skipIf(isSkipped)("TinyLlama-1.1B chooses llama.cpp's ids", async () => {
  const format = 'IQ2_XXS'
  const { problems, ...agreement } = await followText(oracle, { path, format }, PROMPT, STEPS)
  console.log(
    table([{ model: 'TinyLlama-1.1B-Chat', architecture: 'llama', format, what: 'ids', ...agreement }]),
  )
  expect(problems).toEqual([])
})

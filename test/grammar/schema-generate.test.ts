import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Model } from '../../src/index.js'
import { loadSmall } from '../session/collect.js'
import { generateBySchemas } from './schema-run.js'

let models: Model[]
beforeAll(async () => {
  models = [await loadSmall(), await loadSmall({ tokenizer: 'bpe' })]
})
afterAll(() => Promise.all(models.map((model) => model.dispose())))

it('random schemas: every text that has ended parses and is valid', async () => {
  const { valid } = await generateBySchemas(models, 80, 1)
  // The others were cut at the last token that was allowed: a string without limits may go on for long.
  expect(valid).toBeGreaterThan(60)
})

import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Model } from '../../src/index.js'
import { loadSmall } from '../session/collect.js'
import { generateBySchemas } from './schema-run.js'

let models: Model[]
beforeAll(async () => {
  models = [await loadSmall(), await loadSmall({ tokenizer: 'bpe' })]
})
afterAll(() => Promise.all(models.map((model) => model.dispose())))

it('random schemas: 500 texts, all of which parse and are valid', async () => {
  const { valid } = await generateBySchemas(models, 650, 2)
  expect(valid).toBeGreaterThanOrEqual(500)
})

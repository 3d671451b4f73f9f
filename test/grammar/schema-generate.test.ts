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
  const { valid, cut, refused } = await generateBySchemas(models, Number(process.env.RUNS ?? 60), Number(process.env.SEED ?? 1))
  console.log({valid, cut, refused})
  expect(valid).toBeGreaterThan(25)
})

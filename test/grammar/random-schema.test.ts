import fc from 'fast-check'
import { expect, it } from 'vitest'
import { compileGrammar } from '../../src/grammar/compiled-grammar.js'
import { convertSchema } from '../../src/grammar/schema/convert.js'
import { DasllamaError } from '../../src/index.js'
import { ajvValidator } from './ajv.js'
import { randomSchema } from './random-schema.js'
import { randomNumbers, randomText } from './random-text.js'
import { REFUSALS } from './schema-run.js'
import { bpeTokenizer, spmTokenizer } from './small-tokenizer.js'
import { isValid } from './validate.js'

it('random schemas: every text allowed by the masks is valid, by ajv and by a reference validator', () => {
  const tokenizers = [bpeTokenizer(), spmTokenizer()]
  const random = randomNumbers(1)
  let refused = 0
  let texts = 0
  const schemas = fc.sample(randomSchema, { numRuns: 250, seed: 3 })
  for (const [i, schema] of schemas.entries()) {
    const tokenizer = tokenizers[i % 2]
    const written = JSON.stringify(schema)
    try {
      const { grammar, notices } = convertSchema(schema)
      const compiled = compileGrammar(tokenizer, grammar)
      if (notices.length > 0) {
        expect(notices[0].message, written).toMatch(/is read as anyOf|is not enforced/)
        continue
      }
      // ajv overlooks a property of this name.
      const byAjv = written.includes('__proto__') ? () => true : ajvValidator(schema)
      for (let run = 0; run < 8; run++) {
        const text = randomText(tokenizer, compiled, random, 150)
        if (text === undefined) continue
        texts++
        const value = JSON.parse(text)
        expect(isValid(schema, value), `${text} by ${written}`).toBe(true)
        expect(byAjv(value), `${text} by ${written} (ajv)`).toBe(true)
      }
    } catch (error) {
      if (!(error instanceof DasllamaError)) throw error
      expect(error.message, written).toMatch(REFUSALS)
      refused++
    }
  }
  expect(refused).toBeLessThan(schemas.length / 4)
  expect(texts).toBeGreaterThan(1000)
})

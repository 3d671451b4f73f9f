import fc from 'fast-check'
import { expect } from 'vitest'
import { DasllamaError, type Model } from '../../src/index.js'
import { randomSchema } from './random-schema.js'
import { isValid } from './validate.js'

/** Error codes with which a random schema may be rejected. */
export const REFUSALS =
  /nothing is valid by it|is not supported|are not supported|can be told apart|more than 1000 schemas/

/** Outcomes of a number of generations. */
export interface Outcome {
  /** Ended, parsed and valid. */
  valid: number
  /** Cut at the last allowed token. */
  cut: number
  /** Unsatisfiable or unsupported schemas. */
  refused: number
}

/** Generates with random schemas on a model with random weights at a high temperature, and checks every text. */
export async function generateBySchemas(
  models: readonly Model[],
  runs: number,
  seed: number,
): Promise<Outcome> {
  const outcome: Outcome = { valid: 0, cut: 0, refused: 0 }
  for (const [i, schema] of fc.sample(randomSchema, { numRuns: runs, seed }).entries()) {
    const model = models[i % models.length]
    using session = model.createSession({ seed: i })
    const written = JSON.stringify(schema)
    try {
      const generation = session.generate('a', {
        responseFormat: { type: 'json_schema', schema },
        temp: 1.5,
        maxTokens: 240,
      })
      let text = ''
      for await (const { piece } of generation) text += piece
      expect(generation.text).toBe(text)
      if (generation.stopReason === 'stop') {
        expect(generation.isComplete).toBe(true)
        const value = JSON.parse(text)
        expect(isValid(schema, value), `${text} by ${written}`).toBe(true)
        expect(text).not.toMatch(/\p{Surrogate}/u)
        outcome.valid++
      } else {
        expect(generation.stopReason).toBe('length')
        outcome.cut++
      }
    } catch (error) {
      if (!(error instanceof DasllamaError) || error.code === 'NO_CANDIDATES') throw error
      expect(error.message, written).toMatch(REFUSALS)
      outcome.refused++
    }
  }
  return outcome
}

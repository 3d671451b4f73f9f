/**
 * Compares our output with Jinja2's. `record.py` in this folder records it; `recorded/<topic>.json` has the templates, their
 * variables and the results.
 */
import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { checkRecorded, type RecordedCase, readRecorded } from './recorded.js'

const TOPICS = readdirSync(new URL('recorded/', import.meta.url)).map((name) => name.replace('.json', ''))

describe('templates recorded with Jinja2', () => {
  for (const topic of TOPICS) {
    const cases = readRecorded(topic)
    it(`${topic}: ${cases.length} templates give the same result`, () => {
      expect(cases.length).toBeGreaterThan(0)
      expect(cases.map(difference).filter((found) => found !== undefined)).toEqual([])
    })
  }
})

function difference(recorded: RecordedCase): string | undefined {
  try {
    checkRecorded(recorded)
    return undefined
  } catch (error) {
    return `${recorded.template}\n${(error as Error).message}`
  }
}

/**
 * Templates beside what Jinja2 itself rendered of them. `record.py` in this folder records; `recorded/<topic>.json` holds
 * the templates, their variables and what became of them.
 */
import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { checkRecorded, type RecordedCase, readRecorded } from './recorded.js'

const TOPICS = readdirSync(new URL('recorded/', import.meta.url)).map((name) => name.replace('.json', ''))

describe('templates that Jinja2 has rendered', () => {
  for (const topic of TOPICS) {
    const cases = readRecorded(topic)
    it(`${topic}: ${cases.length} templates come out the same`, () => {
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

import { readFileSync } from 'node:fs'
import { toValue } from '../../../src/chat/jinja/convert.js'
import { Template } from '../../../src/chat/jinja/template.js'
import { DasllamaError } from '../../../src/errors.js'

/** What Jinja2 made of a template: see `record.py`. */
export interface RecordedCase {
  readonly template: string
  readonly variables: Readonly<Record<string, unknown>>
  readonly output?: string
  /** The class of the exception. */
  readonly error?: string
}

/** Where the clock stands in all recordings. */
const NOW = new Date(2026, 0, 5, 13, 4, 9)

/** The cases of `recorded/<topic>.json`. */
export function readRecorded(topic: string): RecordedCase[] {
  return JSON.parse(readFileSync(new URL(`recorded/${topic}.json`, import.meta.url), 'utf8'))
}

/** The output of such a template here. */
export function renderHere({ template, variables }: RecordedCase): string {
  const values = Object.entries(variables).map(
    ([name, value], i) => [name, toValue(value, i + 1, name)] as const,
  )
  return new Template(template).render(new Map(values), NOW).text
}

/** Throws where the output differs from Jinja2's, or where only one of both fails. */
export function checkRecorded(recorded: RecordedCase): void {
  let output: string
  try {
    output = renderHere(recorded)
  } catch (error) {
    if (recorded.error !== undefined && error instanceof DasllamaError) return
    throw error
  }
  if (recorded.error !== undefined) throw new Error(`gives ${JSON.stringify(output)}, not ${recorded.error}`)
  if (output === recorded.output) return
  throw new Error(`expected ${JSON.stringify(recorded.output)}\nreceived ${JSON.stringify(output)}`)
}

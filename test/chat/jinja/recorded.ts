import { readFileSync } from 'node:fs'
import { toValue } from '../../../src/chat/jinja/convert.js'
import { Template } from '../../../src/chat/jinja/template.js'
import { DasllamaError } from '../../../src/errors.js'

/** Jinja2's result for a template: see `record.py`. */
export interface RecordedCase {
  readonly template: string
  readonly variables: Readonly<Record<string, unknown>>
  readonly output?: string
  /** The class of the exception. */
  readonly error?: string
}

/** The fixed time of all recordings. */
const NOW = new Date(2026, 0, 5, 13, 4, 9)

/** The cases of `recorded/<topic>.json`. */
export function readRecorded(topic: string): RecordedCase[] {
  return JSON.parse(readFileSync(new URL(`recorded/${topic}.json`, import.meta.url), 'utf8'))
}

/** Our output for such a template. */
export function renderHere({ template, variables }: RecordedCase): string {
  const values = Object.entries(variables).map(
    ([name, value], i) => [name, toValue(value, i + 1, name)] as const,
  )
  return new Template(template).render(new Map(values), NOW).text
}

/** Throws if the output differs from Jinja2's, or if only one of the two fails. */
export function checkRecorded(recorded: RecordedCase): void {
  let output: string
  try {
    output = renderHere(recorded)
  } catch (error) {
    if (recorded.error !== undefined && error instanceof DasllamaError) return
    throw error
  }
  if (recorded.error !== undefined)
    throw new Error(`returned ${JSON.stringify(output)} instead of ${recorded.error}`)
  if (output === recorded.output) return
  throw new Error(`expected ${JSON.stringify(recorded.output)}\nreceived ${JSON.stringify(output)}`)
}

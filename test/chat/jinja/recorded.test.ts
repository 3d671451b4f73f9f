/**
 * Templates beside what Jinja2 itself rendered of them. `record.py` in this folder records; `recorded/<topic>.json` holds
 * the templates, their variables and what became of them.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { toValue } from '../../../src/chat/jinja/convert.js'
import { Template } from '../../../src/chat/jinja/template.js'
import { DasllamaError } from '../../../src/errors.js'

/** The time at which `record.py` stops its clock. */
const NOW = new Date(2026, 0, 5, 13, 4, 9)

interface Recorded {
  readonly template: string
  readonly variables: Readonly<Record<string, unknown>>
  /** One of both. */
  readonly output?: string
  readonly error?: string
}

const folder = new URL('recorded/', import.meta.url)

describe('templates that Jinja2 has rendered', () => {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    const cases = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Recorded[]
    it(`${file}: ${cases.length} templates come out the same`, () => {
      expect(cases.length).toBeGreaterThan(0)
      expect(cases.map(differences).filter((difference) => difference !== undefined)).toEqual([])
    })
  }
})

/** How our rendering differs from the recorded one. */
function differences(recorded: Recorded): string | undefined {
  const { template, output, error } = recorded
  const rendered = render(recorded)
  if (typeof rendered === 'string') {
    if (rendered === output) return undefined
    return `${template}\n  prints ${JSON.stringify(rendered)}\n  rather than ${error ?? JSON.stringify(output)}`
  }
  if (rendered instanceof DasllamaError && error !== undefined) return undefined
  return `${template}\n  throws ${rendered}\n  rather than ${error ?? JSON.stringify(output)}`
}

function render({ template, variables }: Recorded): unknown {
  const values = new Map(
    Object.entries(variables).map(([name, value], i) => [name, toValue(value, i + 1, name)] as const),
  )
  try {
    return new Template(template).render(values, NOW).text
  } catch (error) {
    return error
  }
}

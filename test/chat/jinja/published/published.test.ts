/**
 * Published chat templates beside what Jinja2 makes of them, with LF and with CRLF between their lines. `record.py` in this
 * folder records, by hashes, as the templates are not part of this repository.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { toValue } from '../../../../src/chat/jinja/convert.js'
import { Template } from '../../../../src/chat/jinja/template.js'
import { DasllamaError } from '../../../../src/errors.js'
import { llamaCppModels } from '../../../support/llama-cpp-models.js'

/** The time at which `record.py` stops its clock. */
const NOW = new Date(2026, 0, 5, 13, 4, 9)

const read = <T>(name: string) => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8')) as T

const conversations = read<Record<string, Record<string, unknown>>>('conversations.json')
/** Length and hash, or the name of Jinja2's exception; one with LF and one with CRLF where these differ. */
type Outcome = string | readonly [lf: string, crlf: string]
/** By template and conversation. */
const recorded = read<Record<string, Record<string, Outcome>>>('recorded.json')
const folder = llamaCppModels('templates')
const files = readdirSync(folder).filter((name) => name.endsWith('.jinja'))

/**
 * Prompts that are meant to differ. Jinja2's filters make generators, which its `tojson` refuses; here they make lists. And its
 * filter `safe` makes a kind of string that escapes for HTML what is joined to it, which no model has been trained on.
 */
const DIFFERENT: Readonly<Record<string, readonly string[]>> = {
  'llama-cpp-deepseek-r1': withTools(),
  'meetkai-functionary-medium-v3.1': withTools(),
}

function withTools(): string[] {
  return Object.keys(conversations).filter((name) => Array.isArray(conversations[name].tools))
}

describe('published templates', () => {
  it('are all recorded', () => {
    expect(files.map((name) => name.replace('.jinja', '')).sort()).toEqual(Object.keys(recorded).sort())
  })

  it.each(Object.entries(recorded))('%s renders as in Jinja2', (name, outcomes) => {
    const source = readFileSync(join(folder, `${name}.jinja`), 'utf8').replaceAll('\r\n', '\n')
    const differences: string[] = []
    for (const [conversation, both] of Object.entries(outcomes)) {
      const expected = typeof both === 'string' ? [both, both] : both
      for (const [i, form] of [source, source.replaceAll('\n', '\r\n')].entries()) {
        const { outcome, shown } = render(form, conversations[conversation])
        const isSame = outcome === undefined ? !/^\d/.test(expected[i]) : outcome === expected[i]
        if (isSame === (DIFFERENT[name]?.includes(conversation) === true)) {
          differences.push(`${conversation}, ${i ? 'CRLF' : 'LF'}: ${shown}, rather than ${expected[i]}`)
        }
      }
    }
    expect(differences).toEqual([])
  })
})

/** Length and hash of the prompt; no outcome where rendering fails as it should, with an error of ours. */
function render(source: string, variables: Record<string, unknown>) {
  const values = new Map(
    Object.entries(variables).map(([name, value], i) => [name, toValue(value, i + 1, name)] as const),
  )
  try {
    const { text } = new Template(source).render(values, NOW)
    const hash = createHash('sha256').update(text, 'utf8').digest('hex').slice(0, 32)
    const outcome = `${Array.from(text).length} ${hash}`
    return { outcome, shown: `${outcome} (${JSON.stringify(text.slice(-200))})` }
  } catch (error) {
    if (error instanceof DasllamaError) return { outcome: undefined, shown: error.message }
    return { outcome: String(error), shown: String(error) }
  }
}

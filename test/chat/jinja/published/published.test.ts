/**
 * Compares the prompts of published chat templates with Jinja2's, with LF and with CRLF line breaks. `record.py` in this folder
 * records only hashes, because the templates are not part of this repository.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { toValue } from '../../../../src/chat/jinja/convert.js'
import { Template } from '../../../../src/chat/jinja/template.js'
import { DasllamaError } from '../../../../src/errors.js'
import { llamaCppModels } from '../../../support/llama-cpp-models.js'

/** The fixed time of `record.py`. */
const NOW = new Date(2026, 0, 5, 13, 4, 9)

const read = <T>(name: string) => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8')) as T

const conversations = read<Record<string, Record<string, unknown>>>('conversations.json')
/** Length and hash, or the name of Jinja2's exception; one for LF and one for CRLF if these differ. */
type Outcome = string | readonly [lf: string, crlf: string]
/** By template and conversation. */
const recorded = read<Record<string, Record<string, Outcome>>>('recorded.json')
const folder = llamaCppModels('templates')
const files = readdirSync(folder).filter((name) => name.endsWith('.jinja'))

/**
 * Prompts with intended differences. Jinja2's filters return generators, which its `tojson` rejects; ours return lists. And its
 * filter `safe` returns a string that HTML-escapes text joined to it, which no model has been trained on.
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

/** Length and hash of the prompt; `undefined` if rendering fails with a `DasllamaError`. */
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

/**
 * The JSON-Schema-Test-Suite, draft 4: nothing invalid is allowed, valid instances are allowed as documented, and every
 * text allowed by the masks is valid by ajv.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type CompiledGrammar, compileGrammar } from '../../src/grammar/compiled-grammar.js'
import { schemaGrammar } from '../../src/grammar/schema/convert.js'
import { DasllamaError } from '../../src/index.js'
import '../support/row-reporter.js'
import { ajvValidator } from './ajv.js'
import { randomNumbers, randomText } from './random-text.js'
import { bpeTokenizer } from './small-tokenizer.js'

interface Group {
  readonly description: string
  readonly schema: object
  readonly tests: readonly { readonly description: string; readonly data: unknown; readonly valid: boolean }[]
}

/** Schemas that refer to documents elsewhere. */
const ELSEWHERE = new Set([
  'valid definition',
  'invalid definition',
  'remote ref, containing refs itself',
  'remote ref',
  'fragment within remote ref',
  'ref within remote ref',
  'change resolution scope',
])

/** Valid values that are not written, as docs/constrained-output.md lists them. */
const NOT_WRITTEN: readonly RegExp[] = [
  // Without type, the keywords determine the generated type.
  /ignores non-/,
  /ref\.json root pointer ref/,
  // Further members and items only where the schema asks for them.
  /additionalItems are allowed by default/,
  /additional properties are allowed$/,
  /doesn't invalidate other properties/,
  /allOf with base schema \| valid/,
  // Beside patterns of names no others.
  /non recognized members are ignored/,
  /regexes are case sensitive$/,
  // At most one array or object where items must differ.
  /uniqueItems validation/,
]

const tokenizer = bpeTokenizer()
const folder = join(
  dirname(createRequire(import.meta.url).resolve('json-schema-test-suite/package.json')),
  'tests/draft4',
)
const files = readdirSync(folder).filter((name) => name.endsWith('.json'))

/** The value with the members of its objects in every order, as JSON. */
function spellings(value: unknown): string[] {
  if (Array.isArray(value)) return combined(value.map(spellings)).map((items) => `[${items.join()}]`)
  if (typeof value !== 'object' || value === null) return [JSON.stringify(value)]
  const members = Object.entries(value).map(([name, each]) =>
    spellings(each).map((text) => `${JSON.stringify(name)}:${text}`),
  )
  return combined(members).flatMap((texts) => orders(texts).map((order) => `{${order.join()}}`))
}

function combined(lists: readonly string[][]): string[][] {
  return lists.reduce<string[][]>(
    (all, list) => all.flatMap((some) => list.map((each) => [...some, each])),
    [[]],
  )
}

function orders(texts: readonly string[]): string[][] {
  if (texts.length <= 1) return [[...texts]]
  return texts.flatMap((text, i) =>
    orders([...texts.slice(0, i), ...texts.slice(i + 1)]).map((rest) => [text, ...rest]),
  )
}

describe.each(files)('%s', (file) => {
  it('allows exactly the valid instances', ({ task }) => {
    const groups = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Group[]
    const counts = {
      schemas: 0,
      elsewhere: 0,
      valid: 0,
      allowed: 0,
      invalid: 0,
      'invalid allowed': 0,
      random: 0,
    }
    const missing: string[] = []
    for (const { description, schema, tests } of groups) {
      counts.schemas++
      let grammar: CompiledGrammar
      try {
        grammar = compileGrammar(tokenizer, schemaGrammar(schema))
      } catch (error) {
        if (!(error instanceof DasllamaError) || !ELSEWHERE.has(description)) throw error
        expect(error.message).toContain('is in another document')
        counts.elsewhere++
        continue
      }
      for (const { description: what, data, valid } of tests) {
        const isAllowed = spellings(data).some((text) => grammar.matches(text))
        counts[valid ? 'valid' : 'invalid']++
        if (valid && isAllowed) counts.allowed++
        if (!valid && isAllowed) counts['invalid allowed']++
        const name = `${file} ${description} | ${what}`
        if (valid && !isAllowed && !NOT_WRITTEN.some((each) => each.test(name))) missing.push(name)
        expect(!valid && isAllowed, name).toBe(false)
      }
      const isValid = ajvValidator(schema, 'draft-04')
      const random = randomNumbers(counts.schemas)
      for (let run = 0; run < 40; run++) {
        const text = randomText(tokenizer, grammar, random)
        if (text === undefined) continue
        expect(isValid(JSON.parse(text)), `${text} by ${JSON.stringify(schema)}`).toBe(true)
        counts.random++
      }
    }
    task.meta.row = { keyword: file.replace('.json', ''), ...counts }
    expect(missing).toEqual([])
  })
})

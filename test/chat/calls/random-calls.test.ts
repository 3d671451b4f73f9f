import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { constrainCalls } from '../../../src/chat/calls/constrain-calls.js'
import { callTool } from '../../../src/chat/calls/tool-arguments.js'
import { DIALECTS } from '../../../src/chat/reply/formats/index.js'
import type { FunctionTool, ReplyFormat } from '../../../src/index.js'
import { DasllamaError } from '../../../src/index.js'
import { ajvValidator } from '../../grammar/ajv.js'
import { randomSchema } from '../../grammar/random-schema.js'
import { randomNumbers } from '../../grammar/random-text.js'
import { WRITTEN } from '../reply/written-calls.js'
import { formatWith, markerTokenizer, type RandomReply, randomReply } from './random-reply.js'

/** Rules for a model that decides. */
const FREE = {
  ...{ isForced: false, isSingle: false, responseFormat: undefined, mayThink: true, prefill: '' },
  onUnenforced: (error: Error) => {
    throw error
  },
}

type Names = Pick<ReplyFormat, 'reasoning' | 'tools'>

/** Every format of calls, with a format of reasoning that occurs with it. */
const FORMATS: readonly Names[] = [
  ...DIALECTS.map(({ name }): Names => {
    return { reasoning: name === 'solar' || name === 'atem' ? name : 'think', tools: name }
  }),
  { reasoning: 'harmony', tools: 'harmony' },
  { reasoning: 'none', tools: 'functionary' },
  { reasoning: 'none', tools: 'gigachat-3' },
  { reasoning: 'kimi-k3', tools: 'kimi-k3' },
]
const TOKENIZERS = { control: markerTokenizer('control'), text: markerTokenizer('text') }
const SETS_OF_TOOLS = 6

const values = fc.oneof(
  fc.constantFrom<object>(
    ...[{ type: 'string' }, { type: 'integer' }, { type: 'boolean' }, { type: 'number' }, {}],
    ...[{ type: ['string', 'null'] }, { anyOf: [{ type: 'string' }, { type: 'null' }] }, { const: 5 }],
    ...[{ enum: ['red', 'blue "sky"', 'a<b'] }, { enum: ['one', 'true', '5'] }, { enum: [1, 2, null] }],
    ...[
      { type: 'string', minLength: 1, maxLength: 5 },
      { type: 'string', pattern: '^[a-c<\\n]{1,3}$' },
    ],
    ...[{ type: 'string', format: 'date' }, { anyOf: [{ type: 'integer' }, { type: 'boolean' }] }],
    { type: 'array', items: { type: 'string', maxLength: 4 }, maxItems: 3 },
    {
      type: 'object',
      properties: { x: { type: 'integer' }, 'y<z': { type: 'string', maxLength: 3 } },
      required: ['x'],
      additionalProperties: false,
    },
  ),
  randomSchema,
)
const parameters = fc
  .dictionary(fc.constantFrom('city', 'days', 'a_b', 'with-dash', 'x'), values, {
    maxKeys: 4,
    noNullPrototype: true,
  })
  .chain((properties) =>
    fc.subarray(Object.keys(properties)).map((required) => ({
      ...{ type: 'object', properties, required, additionalProperties: false },
    })),
  )
  // The validator does not know this name.
  .filter((schema) => !JSON.stringify(schema).includes('__proto__') && isSupported(schema))

/** Whether a grammar can express it: most of what it cannot is tested elsewhere. */
function isSupported(schema: Record<string, unknown>): boolean {
  try {
    callTool({ name: 'any', parameters: schema }, 0, undefined)
    return true
  } catch (error) {
    if (error instanceof DasllamaError) return false
    throw error
  }
}

const toolSets = fc
  .subarray(['weather', 'now', 'get_x', 'get_xy'], { minLength: 1, maxLength: 3 })
  .chain((names) =>
    fc.tuple(
      ...names.map((name) =>
        parameters.map(
          (schema): FunctionTool => ({ type: 'function', function: { name, parameters: schema } }),
        ),
      ),
    ),
  )

/** The same for all formats: making and validating schemas took most of the time. */
const SETS = fc.sample(toolSets, { numRuns: SETS_OF_TOOLS, seed: 11 })

const validators = new WeakMap<FunctionTool, ReturnType<typeof ajvValidator>>()

function validatorOf(tool: FunctionTool): ReturnType<typeof ajvValidator> {
  const known = validators.get(tool) ?? ajvValidator(tool.function.parameters!)
  validators.set(tool, known)
  return known
}

/** What is wrong with a reply that must be calls; empty if nothing is. */
function problems({ text, events, isWhole }: RandomReply, tools: readonly FunctionTool[]): unknown[] {
  const calls = events.flatMap((event) => (event.type === 'tool-call' ? [event.call] : []))
  const others = events.filter(
    (event) =>
      (event.type === 'malformed-tool-call' && (isWhole || event.reason !== 'incomplete')) ||
      // A reply that is cut may end within a marker.
      (event.type === 'content' && isWhole && event.text.trim() !== ''),
  )
  const invalid = calls.filter(({ name, arguments: args }) => {
    const tool = tools.find((each) => each.function.name === name)
    return !tool || !validatorOf(tool)(args)
  })
  const isMissing = isWhole && calls.length === 0
  return others.length + invalid.length > 0 || isMissing ? [text, others, invalid] : []
}

describe('calls that are required', () => {
  it.each(
    FORMATS.flatMap((names) =>
      (['control', 'text'] as const).map((kind) => [names.tools, kind, names] as const),
    ),
  )('are valid whatever the model prefers: %s, markers as %s', (_, kind, names) => {
    const tokenizer = TOKENIZERS[kind]
    const format = formatWith(tokenizer, names)
    let whole = 0
    let written = 0
    for (const [i, tools] of SETS.entries()) {
      let reply: RandomReply
      try {
        reply = randomReply(tokenizer, format, tools, randomNumbers(i))
      } catch (error) {
        // Only this format has no way to write all schemas.
        if (error instanceof DasllamaError && names.tools === 'minimax-m3') continue
        throw error
      }
      expect(problems(reply, tools)).toEqual([])
      if (reply.isWhole) whole++
      written += reply.events.filter(({ type }) => type === 'tool-call').length
    }
    expect(whole).toBeGreaterThan(0)
    expect(written).toBeGreaterThan(0)
  })

  it('would be found to be invalid without their schemas', () => {
    const tokenizer = TOKENIZERS.text
    const parameters = { type: 'object', properties: { n: { type: 'integer', minimum: 5 } }, required: ['n'] }
    const asked: FunctionTool = { type: 'function', function: { name: 'now', parameters } }
    const free: FunctionTool = { type: 'function', function: { name: 'now', parameters: { type: 'object' } } }
    for (const tools of ['hermes', 'glm', 'qwen-xml', 'lfm2'] as const) {
      const format = formatWith(tokenizer, { reasoning: 'none', tools })
      const found = Array.from({ length: 20 }, (_, i) =>
        randomReply(tokenizer, format, [free], randomNumbers(i)),
      )
      expect(found.some((reply) => problems(reply, [asked]).length > 0)).toBe(true)
    }
  })

  it.each(FORMATS.map((names) => [names.tools, names] as const))(
    'are exactly one where only one may be: %s',
    (_, names) => {
      const tokenizer = TOKENIZERS.text
      const format = formatWith(tokenizer, names)
      const tools: FunctionTool[] = [
        {
          type: 'function',
          function: { name: 'now', parameters: { type: 'object', properties: { ok: { type: 'boolean' } } } },
        },
      ]
      for (let i = 0; i < 8; i++) {
        const { events, isWhole } = randomReply(tokenizer, format, tools, randomNumbers(i), {
          isSingle: true,
        })
        const count = events.filter(({ type }) => type === 'tool-call').length
        expect(count).toBeLessThanOrEqual(1)
        if (isWhole) expect(count).toBe(1)
      }
    },
  )

  it('never contain control tokens, except those of the format', () => {
    const tokenizer = TOKENIZERS.control
    const format = formatWith(tokenizer, { reasoning: 'none', tools: 'hermes' })
    const tools: FunctionTool[] = [
      {
        type: 'function',
        function: {
          name: 'say',
          parameters: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
        },
      },
    ]
    for (let i = 0; i < 20; i++) {
      const { ids, isWhole } = randomReply(tokenizer, format, tools, randomNumbers(i), { isSingle: true })
      const controls = ids.filter((id) => tokenizer.isControl(id)).map((id) => tokenizer.piece(id))
      expect(controls).toEqual(isWhole ? ['<tool_call>', '</tool_call>'] : ['<tool_call>'])
    }
  })
})

describe('calls that the model decides on', () => {
  const tools: FunctionTool[] = [
    {
      type: 'function',
      function: {
        name: 'weather',
        parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
      },
    },
  ]

  it.each(
    FORMATS.flatMap((names) =>
      (['control', 'text'] as const).map((kind) => [names.tools, kind, names] as const),
    ),
  )('are followed as models write them, from the marker on: %s, markers as %s', (_, kind, names) => {
    const tokenizer = TOKENIZERS[kind]
    const format = formatWith(tokenizer, {
      reasoning: names.tools === 'harmony' ? 'harmony' : 'none',
      tools: names.tools,
    })
    const written = WRITTEN[names.tools as keyof typeof WRITTEN]('Rome')
    const text = names.tools === 'llama-json' ? written.replace('<|python_tag|>', '') : written
    const constraint = constrainCalls(tokenizer, { ...FREE, format, tools })
    const bits = (mask: Uint32Array) =>
      mask.reduce((sum, word) => sum + word.toString(2).replaceAll('0', '').length, 0)
    const narrow: string[] = []
    let before = ''
    for (const id of tokenizer.encode(text, { parseSpecial: true, addSpecial: false })) {
      const mask = constraint.mask()
      const isAllowed = !mask || ((mask[id >>> 5] >>> (id & 31)) & 1) === 1
      const isEnd = tokenizer.endOfGeneration.has(id)
      expect(isAllowed || isEnd, `${before} → ${tokenizer.piece(id)}`).toBe(true)
      if (mask && bits(mask) < tokenizer.vocabSize / 2) narrow.push(before)
      if (isEnd) break
      constraint.accept(id)
      before += tokenizer.piece(id)
    }
    expect(constraint.isComplete).toBe(true)
    // The constraint begins when the call has, and not before.
    expect(narrow.length).toBeGreaterThanOrEqual(8)
    // Functionary begins with the name of a tool or `all`.
    if (names.tools !== 'functionary') expect(narrow[0]).not.toBe('')
    expect(narrow.every((each) => each.includes(narrow[0]))).toBe(true)
  })
})

describe('strings without quotes', () => {
  it('are read as they are written, also next to line breaks and tags', () => {
    // A string that loses a character is too short.
    const edges = { type: 'string', pattern: '^[\\r\\n <a/]*$', minLength: 4, maxLength: 4 }
    const parameters = { type: 'object', properties: { a: edges, b: edges }, required: ['a', 'b'] }
    const tools: FunctionTool[] = [{ type: 'function', function: { name: 'put', parameters } }]
    const tokenizer = TOKENIZERS.text
    for (const name of ['qwen-xml', 'seed', 'minicpm', 'glm', 'gemma', 'minimax-m3', 'dsml'] as const) {
      const format = formatWith(tokenizer, { reasoning: 'none', tools: name })
      let whole = 0
      for (let seed = 0; seed < 25; seed++) {
        const reply = randomReply(tokenizer, format, tools, randomNumbers(seed), { isSingle: true })
        expect(problems(reply, tools)).toEqual([])
        if (reply.isWhole) whole++
      }
      expect(whole).toBeGreaterThan(20)
    }
  })
})

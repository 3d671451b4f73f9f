import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Chat,
  type ChatOptions,
  createChat,
  type FunctionTool,
  loadModel,
  type Model,
  type ReplyEvent,
  type RespondOptions,
  type Warning,
} from '../../../src/index.js'
import { TINY_STORIES } from '../../support/model-files.js'
import { forceText } from '../reply/script.js'

const TEMPLATE = `{% if tools %}{{ tools | tojson }}{% endif %}
{%- for m in messages %}{{- '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{%- endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}{# <think> <tool_call> #}`
const THINKS = `${TEMPLATE}<think>\n`

const tool = (name: string, parameters: Record<string, unknown>): FunctionTool => ({
  type: 'function',
  function: { name, parameters },
})
const CITY = { type: 'object', properties: { city: { enum: ['Rome', 'Oslo'] } }, required: ['city'] }
const TOOLS = [tool('weather', CITY), tool('now', { type: 'object', properties: {} })]

let model: Model
const warnings: Warning[] = []
beforeAll(async () => {
  model = await loadModel(TINY_STORIES, { onWarning: (warning) => warnings.push(warning) })
})
afterAll(() => model.dispose())

const chatOf = (options: ChatOptions = {}): Chat => {
  const chat = createChat(model, {
    ...{ template: TEMPLATE, tools: TOOLS, temp: 2, minP: 0, maxTokens: 200 },
    ...options,
    session: { contextLength: 512, seed: 1, ...options.session },
  })
  chat.addUser('How is Rome?')
  return chat
}

/** Makes the model begin with a text, after which nothing but the temperature and constraints decide. */
function beginning(text: string): Pick<RespondOptions, 'samplers'> {
  const script = forceText(model.tokenizer, text).samplers[0]
  const { length } = model.encode(`.${text}`, { addSpecial: false }).slice(1)
  return {
    samplers: [
      (candidates) => {
        if (candidates.previousTokens.length < length) script(candidates)
      },
    ],
  }
}

async function eventsOf(chat: Chat, options: RespondOptions = {}) {
  const reply = chat.respond(options)
  const events: ReplyEvent[] = []
  for await (const event of reply.events()) events.push(event)
  return { reply, events }
}

const isValid = ({
  name,
  arguments: args,
}: {
  name: string
  arguments: Readonly<Record<string, unknown>>
}) => (name === 'weather' ? ['Rome', 'Oslo'].includes(String(args.city)) : name === 'now')

describe('toolChoice required', () => {
  it('makes every reply of a model that knows nothing of tools a valid call, in the same way with the same seed', async () => {
    for (let seed = 1; seed <= 6; seed++) {
      const runs = []
      for (let run = 0; run < 2; run++) {
        using chat = chatOf({ toolChoice: 'required', parallelToolCalls: false, session: { seed } })
        const { reply, events } = await eventsOf(chat)
        expect(reply.toolCalls).toHaveLength(1)
        expect(reply.toolCalls.every(isValid)).toBe(true)
        expect([reply.content, reply.isComplete, reply.stopReason]).toEqual(['', true, 'stop'])
        expect(events[0]).toMatchObject({ type: 'tool-call-start', id: reply.toolCalls[0].id })
        runs.push(reply.text)
      }
      expect(runs[0]).toBe(runs[1])
    }
  })

  it('lets a reply end after the line break behind a call', async () => {
    using chat = chatOf({ toolChoice: 'required' })
    const text = '<tool_call>{"name": "now", "arguments": {}}</tool_call>\n'
    const { reply } = await eventsOf(chat, forceText(model.tokenizer, text))
    expect([reply.toolCalls.length, reply.content, reply.stopReason]).toEqual([1, '', 'stop'])
  })

  it('is the same call with speculation', async () => {
    const texts = []
    for (const speculation of ['none', 'lookup'] as const) {
      using chat = chatOf({ toolChoice: 'required', speculation, session: { seed: 2 } })
      texts.push((await eventsOf(chat)).reply.text)
    }
    expect(texts[0]).toBe(texts[1])
  })

  it('names one tool, of which there is exactly one call', async () => {
    for (let seed = 1; seed <= 4; seed++) {
      using chat = chatOf({ session: { seed } })
      const { reply } = await eventsOf(chat, { toolChoice: { name: 'now' } })
      expect(reply.toolCalls.map(({ name }) => name)).toEqual(['now'])
    }
  })

  it('lets the model finish the reasoning that the prompt has opened, and no more', async () => {
    using chat = chatOf({ template: THINKS, toolChoice: 'required', parallelToolCalls: false })
    const { reply } = await eventsOf(chat, beginning('Hm.\n</think>'))
    expect(reply.reasoning).toBe('Hm.')
    expect(reply.content).toBe('')
    expect(reply.toolCalls.every(isValid)).toBe(true)
    expect(reply.toolCalls).toHaveLength(1)
  })

  it('follows reasoning whose budget is spent', async () => {
    using chat = chatOf({ template: THINKS, toolChoice: 'required', thinking: 6, parallelToolCalls: false })
    const { reply } = await eventsOf(chat)
    expect(reply.reasoning.length).toBeGreaterThan(0)
    expect(reply.toolCalls).toHaveLength(1)
    expect([reply.content, reply.isComplete]).toEqual(['', true])
  })

  it('is not fulfilled by a reply that is cut', async () => {
    using chat = chatOf({ toolChoice: 'required', parallelToolCalls: false })
    const { reply, events } = await eventsOf(chat, { maxTokens: 12 })
    expect([reply.stopReason, reply.isComplete, reply.toolCalls]).toEqual(['length', false, []])
    expect(events.at(-1)).toMatchObject({ type: 'malformed-tool-call', reason: 'incomplete' })
    using other = chatOf({ toolChoice: { name: 'weather' }, session: { seed: 3 } })
    const stopped = await eventsOf(other, { stop: ['Rome', 'Oslo'] })
    expect([stopped.reply.stopReason, stopped.reply.isComplete]).toEqual(['stop', false])
    expect(stopped.events.at(-1)).toMatchObject({ type: 'malformed-tool-call', reason: 'incomplete' })
  })

  it('rejects schemas that cannot be met before anything is evaluated', async () => {
    const never = tool('never', { type: 'object', properties: { a: false }, required: ['a'] })
    for (const [each, code] of [
      [never, 'INVALID_ARGUMENT'],
      [tool('text', { type: 'string' }), 'INVALID_ARGUMENT'],
      [
        tool('sets', { properties: { a: { type: 'array', uniqueItems: true, minItems: 99 } } }),
        'UNSUPPORTED',
      ],
    ] as const) {
      using chat = chatOf({ tools: [TOOLS[0], each], toolChoice: 'required' })
      await expect(chat.respond().result()).rejects.toMatchObject({
        code,
        message: expect.stringContaining(`tool "${each.function.name}"`),
      })
      expect([chat.session.position, chat.history.length]).toEqual([0, 1])
    }
  })

  it.each([
    [{ tools: [], toolChoice: 'required' }, 'needs tools'],
    [{ toolChoice: { name: 'whether' } }, 'there is no tool "whether"'],
    [{ toolChoice: 'required', ignoreEos: true }, 'ignoreEos'],
  ] as const)('is refused where it cannot be: %j', (options, message) => {
    using chat = chatOf(options as ChatOptions)
    expect(() => chat.respond()).toThrow(message)
  })

  it.each([['always'], [{ type: 'function', function: { name: 'now' } }], [{ name: 1 }], [1], [null]])(
    'is not %j',
    (toolChoice) => {
      expect(() => chatOf({ toolChoice: toolChoice as never })).toThrow('toolChoice must be')
    },
  )

  it('is unsupported by a chat that reads no calls', () => {
    using chat = chatOf({ toolChoice: 'required', replyFormat: { tools: 'none' } })
    expect(() => chat.respond()).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }))
  })
})

describe('toolChoice auto', () => {
  it('constrains from the marker on, up to the end of the call', async () => {
    for (let seed = 1; seed <= 6; seed++) {
      using chat = chatOf({ parallelToolCalls: false, session: { seed } })
      const { reply } = await eventsOf(chat, beginning('I will look.\n<tool_call>'))
      expect(reply.content).toBe('I will look.')
      expect(reply.toolCalls).toHaveLength(1)
      expect(reply.toolCalls.every(isValid)).toBe(true)
    }
  })

  it('changes no token of a reply without calls', async () => {
    const texts = []
    for (const constrainTools of [true, false]) {
      using chat = chatOf({ constrainTools, maxTokens: 40 })
      texts.push((await eventsOf(chat)).reply.ids)
    }
    expect(texts[0]).toEqual(texts[1])
  })

  it('ends a call, after which text is free, also a text that only looks like a call', async () => {
    using chat = chatOf()
    const call = '<tool_call>{"name": "now", "arguments": {}}</tool_call>'
    const text = `${call}So <tool_cal is < free, {"name": 1}.${call}`
    const { reply } = await eventsOf(chat, forceText(model.tokenizer, text))
    expect(reply.text).toBe(text)
    expect(reply.toolCalls).toHaveLength(2)
  })

  it('ignores markers in reasoning and in what others have written', async () => {
    using chat = chatOf()
    chat.addUser('<tool_call> <tool_call>{"name":')
    const text = '<think>\n<tool_call>No\n</think>\n\nYes.'
    const { reply } = await eventsOf(chat, forceText(model.tokenizer, text))
    expect([reply.content, reply.toolCalls]).toEqual(['Yes.', []])
  })

  it('warns of a schema that cannot be enforced, and leaves the arguments to the model', async () => {
    warnings.length = 0
    using chat = chatOf({
      tools: [tool('never', { type: 'object', properties: { a: false }, required: ['a'] })],
    })
    const text = '<tool_call>{"name": "never", "arguments": {"b": 1}}</tool_call>'
    const { reply } = await eventsOf(chat, forceText(model.tokenizer, text))
    expect(reply.toolCalls).toMatchObject([{ name: 'never', arguments: { b: 1 } }])
    expect(warnings).toMatchObject([
      { code: 'TOOL_UNCONSTRAINED', message: expect.stringContaining('tool "never"') },
    ])
  })

  it('with a response format gives a call or a text in the format', async () => {
    const responseFormat = { type: 'json_schema', schema: { enum: ['yes', 'no <tool_call>'] } } as const
    for (let seed = 1; seed <= 12; seed++) {
      using chat = chatOf({ responseFormat, parallelToolCalls: false, session: { seed } })
      const { reply } = await eventsOf(chat)
      expect(reply.isComplete).toBe(true)
      if (reply.toolCalls.length > 0) expect(reply.toolCalls.every(isValid)).toBe(true)
      else expect(['yes', 'no <tool_call>']).toContain(JSON.parse(reply.content))
    }
    using chat = chatOf({ responseFormat })
    const { reply } = await eventsOf(chat, beginning('<tool_call>{"name": "now"'))
    expect(reply.toolCalls[0].name).toBe('now')
  })
})

describe('toolChoice none', () => {
  it('takes whatever looks like a call for content, with the same prompt', async () => {
    using chat = chatOf()
    const { ids } = chat.renderPrompt()
    const text = '<tool_call>{"name": "now", "arguments": {}}</tool_call>'
    const reply = chat.respond({ ...forceText(model.tokenizer, text), toolChoice: 'none' })
    expect(reply.promptIds).toEqual(ids)
    await reply.result()
    expect([reply.content, reply.toolCalls]).toEqual([text, []])
  })
})

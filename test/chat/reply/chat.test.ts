import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Chat,
  type ChatOptions,
  createChat,
  loadModel,
  type Model,
  type ReplyEvent,
  toolResult,
} from '../../../src/index.js'
import { TINY_STORIES } from '../../support/model-files.js'
import { joined, summarize } from './parse.js'
import { TOOLS } from './replies.js'
import { forceText } from './script.js'

/** ChatML with reasoning and calls in Qwen3's format. */
const TEMPLATE = `{% if tools %}{{ tools | tojson }}{% endif %}
{%- for m in messages %}
{{- '<|im_start|>' + m.role + '\\n' }}
{%- if m.reasoning_content %}{{ '<think>\\n' + m.reasoning_content + '\\n</think>\\n\\n' }}{% endif %}
{{- m.content }}
{%- for c in m.tool_calls or [] %}
{{- '\\n<tool_call>\\n{"name": "' + c.function.name + '", "arguments": ' + (c.function.arguments | tojson) + '}\\n</tool_call>' }}
{%- endfor %}
{{- '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}`

const THINKS = `<think>\nLet me think.\n</think>\n\n`
const CALL = `<tool_call>\n{"name": "weather", "arguments": {"city": "Rome"}}\n</tool_call>`

let model: Model
beforeAll(async () => {
  model = await loadModel(TINY_STORIES)
})
afterAll(() => model.dispose())

const chatOf = (options: ChatOptions = {}) =>
  createChat(model, {
    template: TEMPLATE,
    temp: 0,
    tools: TOOLS,
    session: { contextLength: 512 },
    ...options,
  })

/** Makes the model generate this text. */
async function say(chat: Chat, text: string, options: Parameters<Chat['respond']>[0] = {}) {
  const reply = chat.respond({ ...forceText(model.tokenizer, text), ...options })
  const events: ReplyEvent[] = []
  for await (const event of reply.events()) events.push(event)
  return { reply, events }
}

describe('a chat', () => {
  it('emits the parts of a reply, and stores them separately in its history', async () => {
    using chat = chatOf()
    chat.addUser('How is Rome?')
    const text = `${THINKS}I will look.\n${CALL}`
    const { reply, events } = await say(chat, text)
    expect(summarize(joined(events))).toBe('~Let me think.~I will look.«weather {"city":"Rome"}»')
    expect(reply.text).toBe(text)
    expect(reply.reasoning).toBe('Let me think.')
    expect(reply.content).toBe('I will look.')
    expect(reply.toolCalls).toEqual([
      { id: 'call00000', name: 'weather', arguments: { city: 'Rome' }, raw: CALL },
    ])
    expect(reply.message).toEqual({
      role: 'assistant',
      content: 'I will look.',
      reasoning: 'Let me think.',
      toolCalls: [{ id: 'call00000', name: 'weather', arguments: { city: 'Rome' } }],
      ids: reply.ids,
    })
    expect(chat.history[1]).toEqual(reply.message)
    expect(JSON.parse(JSON.stringify(chat)).history).toEqual(chat.history)
  })

  it('continues with results of tools without re-evaluating generated tokens', async () => {
    using chat = chatOf()
    chat.addUser('How is Rome?')
    const { reply } = await say(chat, `${THINKS}I will look.\n${CALL}`)
    chat.add(toolResult(reply.toolCalls[0], { celsius: 20 }, chat.replyFormat))
    expect(chat.history[2]).toEqual({
      role: 'tool',
      content: '{"celsius":20}',
      toolCallId: 'call00000',
      name: 'weather',
    })
    const { text, ids } = chat.renderPrompt()
    expect(text).toContain(
      `assistant\n${THINKS}I will look.\n${CALL}<|im_end|>\n<|im_start|>tool\n{"celsius":20}<|im_end|>`,
    )
    const own = [...reply.promptIds, ...reply.ids]
    expect(ids.slice(0, own.length)).toEqual(own)
    expect(chat.renderTurn()).toEqual(ids.slice(own.length))
    const { reply: next } = await say(chat, CALL)
    expect(next.toolCalls[0].id).toBe('call00001')
  })

  it('streams tokens while it parses them', async () => {
    using chat = chatOf()
    chat.addUser('Hi')
    const reply = chat.respond(forceText(model.tokenizer, `${THINKS}Hello.`))
    let text = ''
    const seen = new Set<string>()
    for await (const { piece } of reply) {
      text += piece
      seen.add(reply.content)
    }
    expect(text).toBe(`${THINKS}Hello.`)
    expect(reply.content).toBe('Hello.')
    expect(seen.size).toBeGreaterThan(2)
  })

  it('keeps a malformed call as content', async () => {
    using chat = chatOf({ constrainTools: false })
    chat.addUser('Hi')
    const broken = '<tool_call>{"name": "rm", "arguments": {}}</tool_call>'
    const { reply, events } = await say(chat, `Well, ${broken}`)
    expect(events.at(-1)).toEqual({ type: 'malformed-tool-call', reason: 'unknown-tool', text: broken })
    expect(reply.message).toMatchObject({ content: `Well,\n${broken}` })
    expect(reply.message?.toolCalls).toBeUndefined()
  })

  it('does not look for calls if there are no tools', async () => {
    using chat = chatOf({ tools: [] })
    chat.addUser('Hi')
    const { reply } = await say(chat, CALL)
    expect([reply.content, reply.toolCalls]).toEqual([CALL, []])
  })

  it('can be left in the middle of a call', async () => {
    using chat = chatOf()
    chat.addUser('Hi')
    const reply = chat.respond(forceText(model.tokenizer, CALL))
    for await (const event of reply.events()) if (event.type === 'tool-call-start') break
    expect(reply.stopReason).toBe('callback')
    expect(reply.message).toMatchObject({ content: reply.text, cut: 'callback' })
    expect(reply.text).toContain('"weather"')
    expect(chat.isBusy).toBe(false)
  })

  it.each([
    ['by the model', {}, undefined],
    ['by maxTokens', { maxTokens: 24 }, 'length'],
  ] as const)('reports a call cut %s as incomplete, and can continue', async (_, options, cut) => {
    using chat = chatOf({ constrainTools: false })
    chat.addUser('How is Rome?')
    const half = CALL.slice(0, CALL.indexOf('Rome'))
    const { reply, events } = await say(chat, cut ? CALL : half, options)
    expect(reply.stopReason).toBe(cut ?? 'stop')
    expect(reply.text.length).toBeLessThan(CALL.length)
    expect(reply.text).toContain('"weather"')
    expect(events.at(-1)).toMatchObject({
      type: 'malformed-tool-call',
      reason: 'incomplete',
      text: reply.text,
    })
    expect(reply.toolCalls).toEqual([])
    expect(reply.message).toMatchObject({ content: reply.text, ...(cut && { cut }) })
    chat.addUser('Again, please.')
    const { reply: next } = await say(chat, CALL)
    expect(next.toolCalls).toMatchObject([{ name: 'weather', arguments: { city: 'Rome' } }])
  })

  it('keeps calls whose arguments are not JSON as content, and can continue', async () => {
    using chat = chatOf({ constrainTools: false })
    chat.addUser('How is Rome?')
    for (const [args, reason] of [
      ['{"city": Rome}', 'invalid-json'],
      ['"Rome"', 'arguments-not-object'],
    ]) {
      const broken = `<tool_call>\n{"name": "weather", "arguments": ${args}}\n</tool_call>`
      const { reply, events } = await say(chat, broken)
      expect(events.at(-1)).toMatchObject({ type: 'malformed-tool-call', reason, text: broken })
      expect(reply.message).toMatchObject({ content: broken })
      chat.addUser('Again, please.')
    }
    const { reply } = await say(chat, CALL)
    expect(reply.toolCalls).toHaveLength(1)
  })

  it('keeps what was generated before maxTokens', async () => {
    using chat = chatOf()
    chat.addUser('Hi')
    const { reply } = await say(chat, `${THINKS}Hello.`, { maxTokens: 6 })
    expect(reply.message).toMatchObject({ content: '', cut: 'length' })
    expect(reply.reasoning.length).toBeGreaterThan(0)
  })

  it('parses replies by the option replyFormat', async () => {
    using chat = chatOf({ replyFormat: { reasoning: 'none', tools: 'none' } })
    chat.addUser('Hi')
    const { reply } = await say(chat, THINKS + CALL)
    expect(reply.content).toBe(THINKS + CALL)
    expect(() => chatOf({ replyFormat: { tools: 'xml' as never } })).toThrowError(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    )
    expect(() => chatOf({ replyFormat: 1 as never })).toThrowError(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    )
  })
})

describe('thinking', () => {
  it('is turned off by an empty pair of markers after the prompt, for a chat or a reply', async () => {
    const pair = '<|im_start|>assistant\n<think>\n\n</think>\n\n'
    using chat = chatOf({ thinking: 'off' })
    chat.addUser('Hi')
    expect(chat.renderPrompt().text.endsWith(pair)).toBe(true)
    const { reply } = await say(chat, 'Hello.')
    expect([reply.content, reply.reasoning]).toEqual(['Hello.', ''])

    using other = chatOf()
    other.addUser('Hi')
    const thoughtless = await say(other, 'Hello.', { thinking: 0 })
    expect(model.decode(thoughtless.reply.promptIds)).toContain('<think>\n\n</think>\n\n')
    expect(thoughtless.reply.content).toBe('Hello.')
  })

  it('sets the variable of the template, unless the chat sets it itself', () => {
    const template = `${TEMPLATE}{% if enable_thinking %}on{% else %}off{% endif %}`
    const promptOf = (options: ChatOptions) => {
      using chat = chatOf({ template, ...options })
      chat.addUser('Hi')
      return chat.renderPrompt().text.split('\n').at(-1)
    }
    expect(promptOf({ thinking: 'on' })).toBe('on')
    expect(promptOf({ thinking: 'off' })).toBe('off')
    expect(promptOf({ thinking: 'on', templateVariables: { enable_thinking: false } })).toBe('off')
  })

  it('is detected if the template opens it, but not if a user writes the marker', async () => {
    using chat = chatOf({ template: `${TEMPLATE}<think>\n` })
    chat.addUser('Hi')
    const { reply } = await say(chat, 'Hm.\n</think>\n\nHello.')
    expect([reply.reasoning, reply.content]).toEqual(['Hm.', 'Hello.'])

    using other = chatOf({ template: '{{ messages[-1].content }}{# <think> #}' })
    other.addUser('Hi <think>')
    const { reply: plain } = await say(other, 'Hello.')
    expect([plain.reasoning, plain.content]).toEqual(['', 'Hello.'])
  })

  it('ends after its budget', async () => {
    using chat = chatOf({ thinking: 8 })
    chat.addUser('Hi')
    const words = 'one two three four five six seven eight nine ten'
    const { reply } = await say(chat, `<think>\n${words}`)
    expect(reply.text).toContain('\n</think>\n\n')
    const { reasoning, content } = reply
    expect(words.startsWith(reasoning)).toBe(true)
    expect(words.endsWith(content.trim())).toBe(true)
    expect(reasoning.length + content.length).toBeGreaterThan(words.length - 3)
    expect(reply.stopReason).toBe('stop')
    expect(reply.message?.ids).toEqual(reply.ids)
    // Both phases count, and the ids that close the reasoning are evaluated like a prompt.
    const { nPrompt, nCached, nGen, genTps } = chat.stats()
    const closing = model.encode('.\n</think>\n\n', { addSpecial: false }).length - 1
    expect(nGen).toBe(reply.ids.length - closing)
    expect(nPrompt + nCached).toBeGreaterThanOrEqual(reply.promptIds.length + closing)
    expect(genTps).toBeGreaterThan(0)
  })

  it('is unsupported for a model that does not show its reasoning', () => {
    expect(() => createChat(model, { template: 'chatml', thinking: 'on' })).toThrowError(
      expect.objectContaining({ code: 'UNSUPPORTED' }),
    )
    using chat = createChat(model, { template: 'chatml', thinking: 'off' })
    chat.addUser('Hi')
    expect(() => chat.respond({ thinking: 100 })).toThrowError(
      expect.objectContaining({ code: 'UNSUPPORTED' }),
    )
    expect(() => chat.respond({ thinking: 'much' as never })).toThrowError(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    )
    expect(chat.renderPrompt().text.endsWith('assistant\n')).toBe(true)
  })
})

describe('a response format', () => {
  const responseFormat = { type: 'json_schema', schema: { enum: ['yes', 'no'] } } as const

  it('applies to what follows the reasoning that the prompt has opened', async () => {
    using chat = chatOf({ tools: [], template: `${TEMPLATE}<think>\n`, responseFormat })
    chat.addUser('Hi')
    // After the script only the response format constrains the model.
    const script = forceText(model.tokenizer, 'Hm {.\n</think>').samplers[0]
    const length = model.encode('.Hm {.\n</think>', { addSpecial: false }).length - 1
    const reply = chat.respond({
      samplers: [
        (candidates) => {
          if (candidates.previousTokens.length < length) script(candidates)
        },
      ],
    })
    for await (const _ of reply) {
    }
    expect(reply.reasoning).toBe('Hm {.')
    expect(['"yes"', '"no"']).toContain(reply.content)
    expect([reply.isComplete, reply.stopReason]).toEqual([true, 'stop'])
  })

  it('applies to the whole reply if no reasoning is open, with or without a budget, whatever it looks like', async () => {
    for (const thinking of [undefined, 5]) {
      using chat = chatOf({ tools: [], responseFormat, ...(thinking && { thinking }) })
      chat.addUser('Hi')
      const reply = chat.respond()
      for await (const _ of reply) {
      }
      expect(['"yes"', '"no"']).toContain(reply.content)
      expect([reply.text, reply.isComplete]).toEqual([reply.content, true])
    }
    using chat = chatOf({ tools: [], replyFormat: { tools: 'llama-json' } })
    chat.addUser('Hi')
    const schema = { const: { name: 'now', parameters: {} } }
    const reply = chat.respond({ responseFormat: { type: 'json_schema', schema } })
    for await (const _ of reply) {
    }
    expect(JSON.parse(reply.content)).toEqual(schema.const)
    expect(reply.toolCalls).toEqual([])
  })

  it('is not fulfilled if the reasoning never ends', async () => {
    using chat = chatOf({ tools: [], template: `${TEMPLATE}<think>\n`, responseFormat })
    chat.addUser('Hi')
    const { reply } = await say(chat, 'yes "yes"')
    expect([reply.stopReason, reply.isComplete]).toEqual(['stop', false])
    expect([reply.reasoning, reply.content]).toEqual(['yes "yes"', ''])
  })

  it('applies after the reasoning whose budget is spent', async () => {
    using chat = chatOf({ tools: [], template: `${TEMPLATE}<think>\n`, responseFormat, thinking: 6 })
    chat.addUser('Hi')
    const reply = chat.respond()
    for await (const _ of reply) {
    }
    expect(reply.text).toContain('\n</think>\n\n"')
    expect(reply.reasoning.length).toBeGreaterThan(0)
    expect(['"yes"', '"no"']).toContain(reply.content)
    expect(reply.isComplete).toBe(true)
  })
})

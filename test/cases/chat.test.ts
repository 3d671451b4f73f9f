/** What callers pass to a chat: unknown keys, content in parts, sampling that the file recommends. */
import { afterAll, beforeAll, expect } from 'vitest'
import { readRecommendedSampling } from '../../src/facade/recommended-sampling.js'
import { Metadata, type MetadataValue } from '../../src/gguf/metadata.js'
import {
  CHAT_SAMPLING,
  type Chat,
  chatSampling,
  createChat,
  createReplyParser,
  DasllamaError,
  DEFAULT_OVERFLOW,
  loadModel,
  type Model,
  replyFormat,
  toolResult,
} from '../../src/index.js'
import { TINY_STORIES } from '../support/model-files.js'
import { testKind } from './kind.js'

let model: Model
let chat: Chat
beforeAll(async () => {
  model = await loadModel(TINY_STORIES)
  chat = createChat(model, { template: 'chatml', session: { contextLength: 256 } })
})
afterAll(() => model.dispose())

function failureOf(action: () => unknown): DasllamaError {
  try {
    action()
  } catch (error) {
    if (error instanceof DasllamaError) return error
    throw error
  }
  throw new Error('it did not fail')
}

/** The argument, the unknown key in it, and the key that is meant. */
type KeyCase = readonly [pass: (object: object) => unknown, object: object, key: string, meant?: string]

const add = (object: object) => chat.add(object as never)
const history = (object: object) => createChat(model, { template: 'chatml', history: [object as never] })
const create = (object: object) => createChat(model, { template: 'chatml', ...object })
const respond = (object: object) => chat.respond(object)
const tool = (object: object) => createChat(model, { template: 'chatml', tools: [object as never] })
const call = (object: object) => chat.add({ role: 'assistant', content: '', toolCalls: [object as never] })
const assistant = (more: object) => ({ role: 'assistant', content: 'x', ...more })
const user = (more: object) => ({ role: 'user', content: 'x', ...more })
const result = (more: object) => ({ role: 'tool', content: 'x', ...more })

const openAiCall = { id: 'abcdefghi', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }

testKind<KeyCase>(
  'unknown keys',
  [
    [add, assistant({ tool_calls: [openAiCall] }), 'tool_calls', 'toolCalls'],
    [add, assistant({ reasoning_content: 'r' }), 'reasoning_content', 'reasoning'],
    [add, assistant({ thinking: 'r' }), 'thinking', 'reasoning'],
    [add, assistant({ function_call: {} }), 'function_call', 'toolCalls'],
    [add, assistant({ ToolCalls: [] }), 'ToolCalls', 'toolCalls'],
    [add, assistant({ toolcalls: [] }), 'toolcalls', 'toolCalls'],
    [add, assistant({ toolCall: [] }), 'toolCall', 'toolCalls'],
    [add, assistant({ reasonning: '' }), 'reasonning', 'reasoning'],
    [add, assistant({ refusal: '' }), 'refusal'],
    [add, result({ tool_call_id: 'a' }), 'tool_call_id', 'toolCallId'],
    [add, result({ toolCallID: 'a' }), 'toolCallID', 'toolCallId'],
    [add, result({ tool_name: 'a' }), 'tool_name', 'name'],
    [add, { role: 'user', contnet: 'x' }, 'contnet', 'content'],
    [add, { role: 'user', text: 'x' }, 'text', 'content'],
    [add, user({ images: [] }), 'images'],
    [add, user({ toolCalls: [] }), 'toolCalls', 'assistant'],
    [add, user({ tool_calls: [] }), 'tool_calls', 'toolCalls'],
    [add, user({ toolCallId: 'a' }), 'toolCallId', 'tool'],
    [add, user({ ids: [] }), 'ids', 'assistant'],
    [add, result({ reasoning: 'r' }), 'reasoning', 'assistant'],
    [add, { role: 'system', content: 'x', cut: 'length' }, 'cut', 'assistant'],
    [history, assistant({ tool_calls: [] }), 'tool_calls', 'toolCalls'],
    [history, user({ cache_control: {} }), 'cache_control'],
    [(object) => chat.addAssistant('x', object), { tool_calls: [] }, 'tool_calls', 'toolCalls'],
    [(object) => chat.addAssistant('x', object), { role: 'user' }, 'role'],
    [(object) => chat.addTool('x', object), { tool_call_id: 'a' }, 'tool_call_id', 'toolCallId'],
    [(object) => chat.addTool('x', object), { id: 'a' }, 'id', 'toolCallId'],
    [call, openAiCall, 'type', 'arguments'],
    [call, { name: 'f', args: {} }, 'args', 'arguments'],
    [call, { name: 'f', parameters: {} }, 'parameters', 'arguments'],
    [call, { name: 'f', argumnets: {} }, 'argumnets', 'arguments'],
    [tool, { name: 'f', inputSchema: {} }, 'inputSchema', 'parameters'],
    [tool, { name: 'f', input_schema: {} }, 'input_schema', 'parameters'],
    [tool, { name: 'f', paramters: {} }, 'paramters', 'parameters'],
    [tool, { name: 'f', desciption: '' }, 'desciption', 'description'],
    [tool, { name: 'f', execute: 1 }, 'execute'],
    [tool, { type: 'function', function: { name: 'f', schema: {} } }, 'schema', 'parameters'],
    [tool, { type: 'function', function: { name: 'f' }, strict: true }, 'strict'],
    [create, { temperature: 1 }, 'temperature', 'temp'],
    [create, { max_tokens: 1 }, 'max_tokens', 'maxTokens'],
    [create, { maxToken: 1 }, 'maxToken', 'maxTokens'],
    [create, { top_p: 1 }, 'top_p', 'topP'],
    [create, { systemPrompt: '' }, 'systemPrompt', 'system'],
    [create, { messages: [] }, 'messages', 'history'],
    [create, { seed: 1 }, 'seed', 'session'],
    [create, { contextLength: 9 }, 'contextLength', 'session'],
    [create, { chat_template: '' }, 'chat_template', 'template'],
    [create, { signal: new AbortController().signal }, 'signal', 'respond'],
    [create, { session: { contextlength: 5 } }, 'contextlength', 'contextLength'],
    [create, { replyFormat: { tool: 'hermes' } }, 'tool', 'tools'],
    [respond, { temperature: 1 }, 'temperature', 'temp'],
    [respond, { seed: 1 }, 'seed', 'session'],
    [respond, { system: '' }, 'system'],
    [(object) => replyFormat(object), { format: 'hermes' }, 'format'],
    [
      (object) => createReplyParser(replyFormat(), object),
      { thinkingOpen: true },
      'thinkingOpen',
      'thinkingOpened',
    ],
    [(object) => toolResult(object as never, 1), openAiCall, 'type', 'arguments'],
    [(object) => toolResult(object as never, 1), { toolName: 'f' }, 'toolName', 'name'],
  ],
  ([pass, object, key, meant]) => {
    const before = chat.history
    const { code, message } = failureOf(() => pass(object))
    expect(code).toBe('INVALID_ARGUMENT')
    expect(message).toContain(JSON.stringify(key))
    if (meant !== undefined) expect(message.replace(JSON.stringify(key), '')).toContain(meant)
    expect(chat.history).toEqual(before)
  },
)

testKind<readonly [pass: (object: object) => unknown, object: object]>(
  'valid keys',
  [
    [add, user({ toolCalls: undefined, tool_calls: undefined })],
    [
      add,
      assistant({
        reasoning: 'r',
        toolCalls: [{ name: 'f', arguments: {}, raw: '' }],
        cut: 'length',
        ids: [1],
      }),
    ],
    [add, result({ toolCallId: 'a', name: 'f' })],
    [tool, { type: 'function', name: 'f', strict: true, return: {} }],
    [tool, { type: 'function', function: { name: 'f', response: {} } }],
    [create, { temp: undefined, logprobs: 1, samplers: ['temperature'], thinking: undefined }],
    [create, { session: { seed: 1, contextLength: 64, kvType: 'f32', contextShift: undefined } }],
  ],
  ([pass, object]) => {
    pass(object)
  },
)

const text = (...texts: string[]) => texts.map((one) => ({ type: 'text', text: one }))

testKind<readonly [content: unknown, is: string]>(
  'content in parts',
  [
    ['plain', 'plain'],
    [text('one'), 'one'],
    [text('one', 'two'), 'one\ntwo'],
    [text('one', '', 'two\n'), 'one\n\ntwo\n'],
    [text('<|im_end|>'), '<|im_end|>'],
  ],
  ([content, is]) => {
    using own = createChat(model, {
      template: 'chatml',
      system: content as never,
      session: { contextLength: 256 },
      history: [{ role: 'user', content: content as never }],
    })
    own.addAssistant(content as never)
    own.addUser(content as never)
    expect(own.history.map((message) => message.content)).toEqual([is, is, is, is])
    // Text of a message is never a control token, whatever its form.
    using plain = createChat(model, {
      template: 'chatml',
      history: own.history,
      session: { contextLength: 256 },
    })
    expect(own.renderPrompt().ids).toEqual(plain.renderPrompt().ids)
  },
)

testKind<readonly [content: unknown, says: string]>(
  'parts that are not text are rejected by type',
  [
    [[{ type: 'image_url', image_url: { url: 'a' } }], '"image_url"'],
    [[...text('a'), { type: 'input_audio', input_audio: {} }], 'content[1]: parts of type "input_audio"'],
    [[{ type: 'file', file: {} }], '"file"'],
    [[{ type: 'x'.repeat(1000), text: '' }], '…'],
    [[{ text: 'a' }], 'parts of type undefined'],
    [[{ type: 'text' }], 'content[0].text must be a string'],
    [[{ type: 'text', text: 'a', cache_control: {} }], '"cache_control"'],
    [['a'], 'content[0] must be'],
    [[null], 'content[0] must be'],
    [[[]], 'parts of type undefined'],
    [{ type: 'text', text: 'a' }, 'a string or an array of parts'],
    [null, 'not null'],
    [undefined, 'not undefined'],
    [[], 'must not be empty'],
    [text(' '), 'must not be empty'],
  ],
  ([content, says]) => {
    const { code, message } = failureOf(() => chat.add({ role: 'user', content: content as never }))
    expect(code).toBe('INVALID_ARGUMENT')
    expect(message).toContain(says)
    expect(message.length).toBeLessThan(300)
  },
)

const PARTS_ONLY =
  "{% for m in messages %}<{{ m.role }}>{% for part in m.content %}{% if part.type == 'text' %}{{ part.text }}{% endif %}{% endfor %}\n{% endfor %}<assistant>"
const EITHER =
  '{% for m in messages %}<{{ m.role }}>{% if m.content is string %}{{ m.content }}{% else %}{% for part in m.content %}[{{ part.text }}]{% endfor %}{% endif %}\n{% endfor %}<assistant>'
const TEXT_ONLY = "{% for m in messages %}<{{ m.role }}>{{ m.content + '!' }}\n{% endfor %}<assistant>"

testKind<readonly [template: string, prompt: string]>(
  'how templates receive content in parts',
  [
    [PARTS_ONLY, '<user>one\ntwo<assistant>'],
    [EITHER, '<user>one\ntwo<assistant>'],
    [TEXT_ONLY, '<user>one\ntwo!\n<assistant>'],
  ],
  ([template, prompt]) => {
    using own = createChat(model, { template, session: { contextLength: 256 } })
    own.addUser(text('one', 'two') as never)
    expect(own.renderPrompt().text).toBe(prompt)
  },
)

const metadataOf = (values: Readonly<Record<string, MetadataValue>>) =>
  new Metadata(
    'a.gguf',
    new Map(Object.entries(values).map(([key, value]) => [`general.sampling.${key}`, value])),
  )

testKind<readonly [file: Readonly<Record<string, MetadataValue>>, is: object]>(
  'sampling that a file recommends',
  [
    [{}, CHAT_SAMPLING],
    [
      { temp: Math.fround(0.6), top_k: 20, top_p: Math.fround(0.95) },
      { temp: 0.6, topK: 20, topP: 0.95 },
    ],
    [{ temp: 1 }, { temp: 1, minP: 0.05 }],
    [{ temp: 0 }, { temp: 0, minP: 0.05 }],
    [{ top_p: 0.5 }, { temp: 0.7, topP: 0.5 }],
    [{ min_p: 0 }, { temp: 0.7, minP: 0 }],
    [
      { penalty_repeat: Math.fround(1.05), penalty_last_n: 32 },
      { temp: 0.7, minP: 0.05, penalty: 1.05, penaltyLastN: 32 },
    ],
    [
      { xtc_probability: 0.5, xtc_threshold: Math.fround(0.1) },
      { temp: 0.7, minP: 0.05, xtcProbability: 0.5, xtcThreshold: 0.1 },
    ],
    [
      { mirostat: 2, mirostat_eta: 0.25 },
      { temp: 0.7, mirostatTau: 5, mirostatEta: 0.25 },
    ],
    [{ mirostat: 0, mirostat_tau: 3 }, CHAT_SAMPLING],
    [{ mirostat: 1, mirostat_tau: 3 }, CHAT_SAMPLING],
    [
      { sequence: 'top_k;top-p;temperature' },
      { temp: 0.7, minP: 0.05, samplers: ['topK', 'topP', 'temperature'] },
    ],
    [{ sequence: 'top_k;magic' }, CHAT_SAMPLING],
    [{ sequence: 'top_k;top_k' }, CHAT_SAMPLING],
    [{ sequence: '__proto__;constructor' }, CHAT_SAMPLING],
    [{ temp: Number.NaN, top_k: 1.5, top_p: -1, min_p: 2 }, CHAT_SAMPLING],
    [{ temp: Number.POSITIVE_INFINITY, top_p: 1e30, penalty_last_n: -1 }, CHAT_SAMPLING],
    [{ temp: '0.5', top_k: true, top_p: [0.5] as never, min_p: 5n }, CHAT_SAMPLING],
    [{ temp: 11, top_k: -5, penalty_repeat: -2 }, CHAT_SAMPLING],
  ],
  ([file, is]) => {
    const recommendedSampling = readRecommendedSampling(metadataOf(file))
    expect(chatSampling({ recommendedSampling })).toEqual(is)
  },
)

testKind<readonly [chat: object, reply: object, isRandom: boolean]>(
  "a caller's sampling parameters override the defaults one by one",
  [
    [{}, {}, true],
    [{ temp: 0 }, {}, false],
    [{ temp: undefined }, {}, true],
    [{ topK: 1 }, {}, false],
    [{ minP: 1 }, {}, false],
    [{}, { temp: 0 }, false],
    [{ temp: 0 }, { temp: 2 }, true],
    [{ temp: 0 }, { temp: undefined }, false],
  ],
  async ([options, own, isRandom]) => {
    const reply = async (seed: number) => {
      using one = createChat(model, {
        template: 'chatml',
        session: { contextLength: 128, seed },
        maxTokens: 16,
        ...options,
      })
      one.addUser('Once upon a time')
      const reply = one.respond(own)
      for await (const _ of reply) {
      }
      return reply.ids.join()
    }
    const seeds = [1, 2, 3, 4, 5, 6]
    const replies = await Promise.all(seeds.map(reply))
    expect(new Set(replies).size > 1).toBe(isRandom)
    expect(await reply(3)).toBe(replies[2])
  },
)

testKind<string | undefined>('the policy for a full context', [undefined, DEFAULT_OVERFLOW], (overflow) => {
  using own = createChat(model, {
    template: 'chatml',
    session: { contextLength: 128 },
    ...(overflow !== undefined && { overflow: overflow as never }),
  })
  for (let i = 0; i < 12; i++) own.addUser(`${i}: the little dog ran to the big red house and sat down`)
  expect(own.renderPrompt().ids.length).toBeLessThan(128)
  expect(own.omitted.messages).toBe(0)
  own.respond()
  expect(own.renderPrompt().text).toContain('11: the')
  expect(own.renderPrompt().text).not.toContain('\n0: the')
})

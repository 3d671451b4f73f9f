import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Text } from '../../src/chat/jinja/text.js'
import { fitPrompt, NOTHING_OMITTED } from '../../src/chat/overflow.js'
import { encodeChat } from '../../src/chat/saved-chat.js'
import {
  type Chat,
  type ChatMessage,
  type ChatOptions,
  type ChatReply,
  createChat,
  type GenerateOptions,
  loadModel,
  type Model,
} from '../../src/index.js'
import { TINY_STORIES } from '../support/model-files.js'

const NOW = new Date(2025, 5, 3)
let model: Model

beforeAll(async () => {
  model = await loadModel(TINY_STORIES)
})
afterAll(() => model.dispose())

function chatOf(options: ChatOptions = {}): Chat {
  return createChat(model, {
    template: 'chatml',
    temp: 0,
    maxTokens: 8,
    now: NOW,
    session: { contextLength: 1024 },
    ...options,
  })
}

async function read(reply: ChatReply): Promise<string> {
  let text = ''
  for await (const { piece } of reply) text += piece
  return text
}

async function say(chat: Chat, content: string, options?: GenerateOptions): Promise<string> {
  chat.addUser(content)
  return read(chat.respond(options))
}

const failing = (code: string, message?: string) =>
  expect.objectContaining({
    code,
    ...(message !== undefined && { message: expect.stringContaining(message) }),
  })

/** A saved chat with a changed conversation and a matching checksum. */
function rewritten(bytes: Uint8Array, changes: object): Uint8Array {
  const length = new DataView(bytes.buffer).getUint32(12, true)
  const conversation = JSON.parse(new TextDecoder().decode(bytes.subarray(20, 20 + length)))
  return encodeChat({ ...conversation, ...changes }, bytes.slice(20 + length))
}

function withOmission(bytes: Uint8Array, messages: number): Uint8Array {
  return rewritten(bytes, { omission: { ...NOTHING_OMITTED, messages } })
}

const span = (start: number, end: number) => ({ start, end, ids: [5] })

describe('a chat', () => {
  it('answers, streams and keeps a history', async () => {
    using chat = chatOf({ system: 'Tell stories.' })
    chat.addUser('Hello')
    const reply = chat.respond()
    expect([reply.text, reply.ids, reply.stopReason, reply.message]).toEqual(['', [], undefined, undefined])
    const tokens = []
    for await (const token of reply) tokens.push(token)
    expect(tokens.map(({ piece }) => piece).join('')).toBe(reply.text)
    expect(tokens.map(({ id }) => id)).toEqual(reply.ids)
    expect(reply.ids).toHaveLength(8)
    expect(reply.stopReason).toBe('length')
    const expected = { role: 'assistant', content: reply.text, ids: reply.ids, cut: 'length' }
    expect(reply.message).toEqual(expected)
    expect(chat.history).toEqual([
      { role: 'system', content: 'Tell stories.' },
      { role: 'user', content: 'Hello' },
      expected,
    ])
    expect(chat.system).toBe('Tell stories.')
  })

  it('evaluates only the new tokens of each turn', async () => {
    using chat = chatOf()
    let held = 0
    for (const content of [
      'Once upon a time',
      'there was a girl',
      'and',
      'who had a very big red ball. '.repeat(20),
    ]) {
      chat.addUser(content)
      const turn = chat.renderTurn()
      const { ids } = chat.renderPrompt()
      expect(ids.slice(-turn.length)).toEqual(turn)
      const reply = chat.respond()
      expect(reply.promptIds).toEqual(ids)
      await read(reply)
      expect(chat.stats()).toMatchObject({ nPrompt: turn.length, nReused: ids.length - turn.length })
      // All but the last token of the previous reply, which ended it and was never evaluated.
      expect(chat.stats().nReused).toBe(Math.max(0, held - 1))
      held = ids.length + reply.ids.length
    }
  })

  it('keeps the generated ids of replies', async () => {
    using chat = chatOf()
    // Tokens that the tokenizer would not choose for this text.
    const forced = [...'Tom'].map((letter) => model.encode(letter, { addSpecial: false }).at(-1)!)
    await say(chat, 'Hi', { forcedIds: forced, temp: 1, maxTokens: 6 })
    const generated = chat.history[1].ids!
    expect(generated).toHaveLength(6)
    const plain = model.encode(chat.history[1].content, { addSpecial: false })
    expect(plain).not.toEqual(generated)
    chat.addUser('and?')
    expect(chat.renderPrompt().ids.join()).toContain(generated.join())
    await read(chat.respond())
    expect(chat.stats().nReused).toBeGreaterThanOrEqual(generated.length)
  })

  it('renders the same ids from its history', async () => {
    using chat = chatOf({ system: 'S', temp: 1, session: { seed: 3, contextLength: 1024 } })
    for (const content of ['Hi', 'Go on', 'More']) await say(chat, content)
    chat.addUser('The end?')
    const expected = chat.renderPrompt()
    const history: ChatMessage[] = JSON.parse(JSON.stringify(chat)).history
    using again = chatOf({ history })
    expect(again.renderPrompt()).toEqual(expected)
    expect(again.history).toEqual(chat.history)
    // The new session has not cached any of it.
    expect(again.renderTurn()).toEqual(expected.ids)
  })

  it('does not trust control tokens among the ids of a history', () => {
    const { bosId, eosId } = model.tokenizer
    const name = model.piece(eosId!)
    const history: ChatMessage[] = [
      { role: 'user', content: 'Hi' },
      {
        role: 'assistant',
        content: `${name} obey`,
        ids: [eosId!, ...model.encode(' obey', { addSpecial: false })],
      },
      { role: 'user', content: name },
    ]
    using chat = chatOf({ history })
    const { text, ids } = chat.renderPrompt()
    expect(text).toContain(`assistant\n${name} obey`)
    expect(ids.filter((id) => id === eosId || id === bosId)).toEqual([ids[0]])
    // Ids of plain text are trusted.
    const odd = [...'Tom'].map((letter) => model.encode(letter, { addSpecial: false }).at(-1)!)
    chat.history = [history[0], { role: 'assistant', content: 'Tom', ids: odd }, history[0]]
    expect(chat.renderPrompt().ids.join()).toContain(odd.join())
  })

  it('is saved and restored with its cache', async () => {
    using chat = chatOf({ system: 'S', session: { seed: 3, contextLength: 1024 } })
    await say(chat, 'Hi')
    const bytes = await chat.save()
    await say(chat, 'Go on')
    using again = chatOf()
    await say(again, 'Something else')
    await again.restore(bytes)
    again.addUser('Go on')
    const turn = again.renderTurn()
    await read(again.respond())
    expect(again.history).toEqual(chat.history)
    expect(again.stats().nPrompt).toBe(turn.length)
    expect(again.renderPrompt()).toEqual(chat.renderPrompt())
  })

  it('rejects bytes that are not a saved chat, and stays unchanged', async () => {
    using chat = chatOf()
    await say(chat, 'Hi')
    const bytes = await chat.save()
    const history = chat.history
    const damaged = bytes.slice()
    damaged[30] ^= 1
    const newer = bytes.slice()
    newer[8] = 9
    const brokenSession = bytes.slice()
    brokenSession[bytes.length - 1] ^= 1
    for (const [wrong, code] of [
      ['text', 'INVALID_ARGUMENT'],
      [new Uint8Array(100), 'BAD_FORMAT'],
      [bytes.slice(0, 12), 'TRUNCATED'],
      [bytes.slice(0, 40), 'TRUNCATED'],
      [damaged, 'BAD_FORMAT'],
      [brokenSession, 'BAD_FORMAT'],
      [newer, 'UNSUPPORTED'],
      [await chat.session.save(), 'BAD_FORMAT'],
      [withOmission(bytes, 4), 'BAD_FORMAT'],
      [rewritten(bytes, { history: 'none' }), 'BAD_FORMAT'],
      [rewritten(bytes, { history: [{ role: 'user' }] }), 'BAD_FORMAT'],
      [rewritten(bytes, { history: [...history, { role: 'system', content: '' }] }), 'BAD_FORMAT'],
      [rewritten(bytes, { transcript: { text: 'abcd', spans: [span(0, 3), span(2, 4)] } }), 'BAD_FORMAT'],
    ] as const) {
      await expect(chat.restore(wrong as Uint8Array)).rejects.toEqual(failing(code))
    }
    expect(chat.history).toEqual(history)
    await say(chat, 'Go on')
  })

  it('undoes turns', async () => {
    using chat = chatOf({ system: 'S' })
    await say(chat, 'Hi')
    const before = chat.renderPrompt()
    await say(chat, 'Go on')
    expect(chat.undo().map(({ role }) => role)).toEqual(['user', 'assistant'])
    expect(chat.renderPrompt()).toEqual(before)
    const first = await say(chat, 'Go on')
    chat.undo()
    expect(await say(chat, 'Go on')).toBe(first)
    chat.undo()
    chat.undo()
    expect(chat.undo()).toEqual([])
    expect(chat.history).toEqual([{ role: 'system', content: 'S' }])
  })

  it('keeps its system message, and the cache of that, after a reset', async () => {
    using chat = chatOf({ system: 'You tell very long stories about girls and dogs.' })
    await say(chat, 'Hi')
    chat.reset()
    expect(chat.history).toHaveLength(1)
    await say(chat, 'Hello')
    expect(chat.stats().nReused).toBeGreaterThan(15)
    chat.system = 'Other'
    expect(chat.history[0]).toEqual({ role: 'system', content: 'Other' })
    chat.system = undefined
    expect(chat.history.map(({ role }) => role)).toEqual(['user', 'assistant'])
  })

  it('passes its options to generate, and those of a call override them', async () => {
    using chat = chatOf({ maxTokens: 3, logprobs: 1 })
    chat.addUser('Hi')
    const reply = chat.respond({ maxTokens: 2 })
    for await (const token of reply) expect(token.logprobs?.before.top).toHaveLength(1)
    expect(reply.ids).toHaveLength(2)
    chat.undo()
    chat.addUser('Hi')
    expect(() => chat.respond({ temp: Number.NaN })).toThrow(failing('INVALID_ARGUMENT', 'temp'))
    expect(() => chat.respond({ nonsense: 1 } as never)).toThrow(failing('INVALID_ARGUMENT', 'nonsense'))
    expect(() => chatOf({ nonsense: 1 } as never).respond()).toThrow(failing('INVALID_ARGUMENT'))
  })

  it('does not keep the ids of a stop string', async () => {
    using chat = chatOf()
    const whole = await say(chat, 'Hi', { maxTokens: 12 })
    chat.undo()
    const stop = whole.slice(7, 12)
    chat.addUser('Hi')
    const reply = chat.respond({ stop, maxTokens: 12 })
    await read(reply)
    expect(reply.stoppedBy).toBe(stop)
    const [, message] = chat.history
    expect(message).toMatchObject({ content: whole.slice(0, whole.indexOf(stop)) })
    expect(message.cut).toBeUndefined()
    expect(reply.ids.length).toBeGreaterThan(message.ids!.length)
    const { text } = chat.renderPrompt()
    expect(text).toContain(`assistant\n${message.content}<|im_end|>`)
  })

  it('sends tools and their results', () => {
    using chat = chatOf({ tools: [{ name: 'add', description: 'Adds', parameters: { type: 'object' } }] })
    chat.addUser('1 + 1?')
    chat.addAssistant('', {
      toolCalls: [
        { id: 'abc', name: 'add', arguments: { a: 1, b: 1 } },
        { name: 'sub', arguments: '{}' },
      ],
    })
    chat.addTool('2')
    chat.addTool('0')
    expect(chat.history.slice(2)).toEqual([
      { role: 'tool', content: '2', toolCallId: 'abc', name: 'add' },
      { role: 'tool', content: '0', name: 'sub' },
    ])
    chat.undo()
    chat.addUser('again?')
    chat.addAssistant('', {
      toolCalls: ['a', 'b', undefined].map((id) => ({ ...(id && { id }), name: `f${id}`, arguments: {} })),
    })
    chat.addTool('B', { toolCallId: 'b' })
    for (let i = 0; i < 3; i++) chat.addTool(`${i}`)
    expect(chat.history.slice(-3).map(({ toolCallId, name }) => [toolCallId, name])).toEqual([
      ['a', 'fa'],
      [undefined, 'fundefined'],
      [undefined, undefined],
    ])
    chat.addTool('x', { toolCallId: 'q', name: 'other' })
    expect(chat.history.at(-1)).toEqual({ role: 'tool', content: 'x', toolCallId: 'q', name: 'other' })
    chat.undo()
    chat.addUser('1 + 1?')
    chat.addAssistant('', { toolCalls: [{ name: 'add', arguments: { a: 1, b: 1 } }] })
    chat.addTool('2')
    // ChatML does not support tools, so they are included as text.
    const { text } = chat.renderPrompt()
    for (const part of [
      '"name": "add"',
      '{"name": "add", "arguments": {"a":1,"b":1}}',
      '<tool_response>\n2\n',
    ]) {
      expect(text).toContain(part)
    }
  })
})

describe('a reply that is cut', () => {
  it.each([
    ['abort', (controller: AbortController) => controller.abort()],
    ['callback', () => {}],
  ])('by %s stays in the history, marked', async (cut, act) => {
    using chat = chatOf()
    chat.addUser('Hi')
    const controller = new AbortController()
    const reply = chat.respond({ maxTokens: 20, signal: controller.signal })
    let count = 0
    for await (const _ of reply) {
      if (++count < 3) continue
      act(controller)
      if (cut === 'callback') break
    }
    expect(reply.stopReason).toBe(cut)
    expect(chat.history[1]).toEqual({ role: 'assistant', content: reply.text, ids: [...reply.ids], cut })
    expect(reply.ids).toHaveLength(3)
    await say(chat, 'Go on')
    expect(chat.stats().nReused).toBeGreaterThan(10)
  })

  it('before its first token leaves no message, and can be requested again', async () => {
    using chat = chatOf()
    chat.addUser('Hi')
    for await (const _ of chat.respond({ signal: AbortSignal.abort() })) expect.unreachable()
    expect(chat.history).toHaveLength(1)
    await read(chat.respond())
    expect(chat.history).toHaveLength(2)
  })

  it('by an error stays too, and the chat can continue', async () => {
    using chat = chatOf()
    chat.addUser('Hi')
    let calls = 0
    const fail = () => {
      if (++calls > 2) throw new Error('mine')
    }
    const reply = chat.respond({ samplers: [fail] })
    await expect(read(reply)).rejects.toThrow('mine')
    expect(chat.isBusy).toBe(false)
    expect(chat.history[1]).toMatchObject({ role: 'assistant', cut: 'callback' })
    expect(chat.history[1].ids).toHaveLength(2)
    await say(chat, 'Go on')
    expect(chat.history.at(-1)).toMatchObject({ role: 'assistant', cut: 'length' })
  })

  it('by the end of the context is marked so', async () => {
    using chat = chatOf({ session: { contextLength: 80 }, maxTokens: 200 })
    await say(chat, 'Hi')
    expect(chat.history[1].cut).toBe('context')
    expect(() => chat.respond()).toThrow(failing('CONTEXT_FULL'))
    chat.undo()
    await say(chat, 'Hi', { maxTokens: 3 })
  })
})

describe('misuse', () => {
  it('is reported', async () => {
    using chat = chatOf()
    expect(() => chat.respond()).toThrow(failing('INVALID_ARGUMENT', 'nothing to answer'))
    expect(() => chat.addUser(5 as never)).toThrow(failing('INVALID_ARGUMENT', 'content must be a string'))
    expect(() => chat.add({ role: 'wizard' as never, content: '' })).toThrow(
      failing('INVALID_ARGUMENT', 'role'),
    )
    expect(() => chat.add(null as never)).toThrow(failing('INVALID_ARGUMENT'))
    expect(() => chat.addAssistant('', { toolCalls: [{ name: 5 }] as never })).toThrow(
      failing('INVALID_ARGUMENT', 'tool call'),
    )
    const loop: Record<string, unknown> = {}
    loop.loop = loop
    expect(() => chat.addAssistant('', { toolCalls: [{ name: 'x', arguments: loop }] })).toThrow(
      failing('INVALID_ARGUMENT', 'JSON'),
    )
    chat.addUser('Hi')
    expect(() => chat.add({ role: 'system', content: '' })).toThrow(
      failing('INVALID_ARGUMENT', 'must be the first'),
    )
    for (const [options, message] of [
      [{ overflow: 'explode' }, 'overflow'],
      [{ history: {} }, 'history'],
      [{ history: [{ role: 'user' }] }, 'history[0].content'],
      [
        {
          history: [
            { role: 'user', content: 'Hi' },
            { role: 'system', content: '' },
          ],
        },
        'history[1]',
      ],
      [{ system: 'a', history: [{ role: 'system', content: '' }] }, 'system is set'],
      [{ system: 5 }, 'content must be a string'],
      [{ tools: [{}] }, 'tools[0]'],
      [{ tools: 'x' }, 'tools must be an array'],
      [{ now: 'today' }, 'now must be a Date'],
      [{ templateVariables: null }, 'templateVariables'],
      [{ template: 'no-such' }, 'unknown name "no-such"'],
      [null, 'options must be an object'],
    ] as const) {
      const create = () =>
        createChat(model, options === null ? (null as never) : ({ template: 'chatml', ...options } as never))
      expect(create).toThrow(failing('INVALID_ARGUMENT', message))
    }
  })

  it('of a chat that is busy, or that has changed', async () => {
    using chat = chatOf()
    chat.addUser('Hi')
    const early = chat.respond()
    for await (const _ of chat.respond()) {
      for (const call of [
        () => chat.addUser('x'),
        () => chat.respond(),
        () => chat.renderTurn(),
        () => chat.undo(),
        () => chat.reset(),
        () => {
          chat.system = 'x'
        },
      ]) {
        expect(call).toThrow(failing('BUSY'))
      }
      for (const call of [chat.save(), chat.restore(new Uint8Array()), chat.send('x')]) {
        await expect(call).rejects.toEqual(failing('BUSY'))
      }
      expect(chat.history).toHaveLength(1)
    }
    await expect(read(early)).rejects.toThrow(failing('INVALID_ARGUMENT', 'has changed'))
    await say(chat, 'again')
  })

  it('of a chat that is disposed', () => {
    const chat = chatOf()
    chat.addUser('Hi')
    chat.dispose()
    chat.dispose()
    expect(() => chat.respond()).toThrow(failing('DISPOSED'))
  })

  it('of a template leaves the chat usable', async () => {
    const picky =
      "{% for m in messages %}{% if 'x' in m.content %}{{ raise_exception('no x') }}{% endif %}{{ m.content|trim }}\n{% endfor %}"
    using chat = chatOf({ template: picky })
    chat.addUser('x')
    expect(() => chat.respond()).toThrow(failing('TEMPLATE_REFUSED', 'no x'))
    chat.undo()
    await say(chat, 'y')
    expect(chat.history).toHaveLength(2)
    expect(() => chatOf({ template: '{% if %}' })).toThrow(failing('TEMPLATE_FAILED'))
    expect(() => createChat(model)).toThrow(failing('NO_TEMPLATE', 'no chat template'))
  })

  it('of a template with very long loops is soon reported', () => {
    using chat = chatOf({
      template: '{% for a in range(100000) %}{% for b in range(100000) %}{{ a }}{% endfor %}{% endfor %}',
    })
    chat.addUser('Hi')
    expect(() => chat.respond()).toThrow(failing('LIMIT'))
  })
})

describe('a conversation longer than the context', () => {
  const long = 'The little dog ran to the big red house and sat down. '.repeat(2)
  const session = { contextLength: 400 }

  it('is an error that reports by how much and suggests what to do', async () => {
    using chat = chatOf({ session, overflow: 'error' })
    for (let i = 0; i < 20; i++) chat.addUser(long)
    const { length } = model.encode(long)
    expect(() => chat.respond()).toThrow(
      expect.objectContaining({
        code: 'CONTEXT_FULL',
        message: expect.stringMatching(/^the conversation is \d+ tokens too long: its prompt has \d+/),
        hint: expect.stringMatching(/drop-oldest.*shift/),
      }),
    )
    expect(length).toBeLessThan(400)
    while (chat.history.length > 1) chat.undo()
    await read(chat.respond())
  })

  it('drops its oldest turns, but not the system message, and not at every turn', async () => {
    using chat = chatOf({ session, overflow: 'drop-oldest', system: 'Be kind.' })
    let cheap = 0
    for (let i = 0; i < 12; i++) {
      await say(chat, `${i}: ${long}`)
      const { text, ids } = chat.renderPrompt()
      expect(ids.length).toBeLessThan(400)
      expect(text).toMatch(/^<\|im_start\|>system\nBe kind\./)
      expect(text).toContain(`${i}: The`)
      if (chat.stats().nReused > 40) cheap++
    }
    const { text } = chat.renderPrompt()
    expect(text).not.toContain('user\n0: The')
    // Each remaining turn has one message and the reply to it.
    const left = 11 - Number(/user\n(\d+): The/.exec(text)?.[1])
    expect(chat.omitted).toEqual({ messages: 24 - 2 * (left + 1), tokens: 0 })
    expect(cheap).toBeGreaterThan(3)
    expect(chat.history).toHaveLength(25)
    using again = chatOf({ session, overflow: 'drop-oldest' })
    await again.restore(await chat.save())
    expect(again.renderPrompt()).toEqual(chat.renderPrompt())
    expect(() => {
      again.addUser(long.repeat(20))
      again.respond()
    }).toThrow(failing('CONTEXT_FULL'))
    again.undo()
    await say(again, 'ok')
  })

  it('includes omitted turns again when the turn that displaced them is undone', async () => {
    using chat = chatOf({ session, overflow: 'drop-oldest', system: 'Be kind.' })
    chat.addUser('one')
    chat.addAssistant('two')
    const before = chat.renderPrompt()
    using other = chatOf({ session, overflow: 'drop-oldest' })
    other.history = [...chat.history, { role: 'user', content: long.repeat(8) }]
    await other.restore(withOmission(await other.save(), 2))
    expect(other.renderPrompt().text).not.toContain('one')
    other.undo()
    expect(other.renderPrompt()).toEqual(before)
  })

  it('finds the turns to drop without trying all of them', () => {
    const history = Array.from(
      { length: 2000 },
      (_, i): ChatMessage => ({
        role: i % 2 === 0 ? 'user' : 'assistant',
        content: `${i}`,
      }),
    )
    let renderings = 0
    const render = (omitted: number) => {
      renderings++
      return { text: Text.EMPTY, ids: Array(10 * (history.length - omitted)).fill(0), spans: [], prefill: '' }
    }
    const fitting = {
      policy: 'drop-oldest',
      history,
      maxTokens: 8,
      before: NOTHING_OMITTED,
      render,
      keep: 0,
    } as const
    const { ids, omission } = fitPrompt({ ...fitting, contextLength: 400 })
    expect([omission.messages, ids.length, renderings < 15]).toEqual([1972, 280, true])
    // Even the last turn alone leaves less space than the goal, but it fits.
    expect(fitPrompt({ ...fitting, contextLength: 22 }).omission.messages).toBe(1998)
    expect(() => fitPrompt({ ...fitting, contextLength: 20 })).toThrow(failing('CONTEXT_FULL'))
  })

  it('shifts, and keeps the system message', async () => {
    using chat = chatOf({ session, overflow: 'shift', system: 'Be kind.', maxTokens: 30 })
    let cheap = 0
    for (let i = 0; i < 12; i++) {
      await say(chat, `${i}: ${long}`)
      const { ids } = chat.renderPrompt()
      expect(ids.length).toBeLessThan(400)
      expect(model.decode(ids)).toContain('system\nBe kind.')
      if (chat.stats().nReused > 40) cheap++
    }
    expect(cheap).toBeGreaterThan(3)
    expect(chat.omitted).toEqual({ messages: 0, tokens: expect.any(Number) })
    expect(chat.omitted.tokens).toBeGreaterThan(300)
    chat.system = `Be kind. ${long}`
    expect(model.decode(chat.renderPrompt().ids)).toContain(`${chat.system}<|im_end|>`)
    // Even a single message that is too long.
    await say(chat, long.repeat(20))
    expect(chat.history).toHaveLength(27)
  })
})

describe('a template that changes earlier output', () => {
  /** Drops the reasoning of earlier replies, as templates of reasoning models do. */
  const forgetful =
    "{% for m in messages %}<{{ m.role }}>{{ m.content.split('|')[-1] if m.role == 'assistant' else m.content }}</>\n{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}"

  it('is evaluated from where it differs', async () => {
    using chat = chatOf({ template: forgetful, system: 'You are a kind person who tells stories.' })
    await say(chat, 'Hi')
    const { history } = chat
    using thinking = chatOf({
      template: forgetful,
      history: [...history.slice(0, 2), { ...history[2], content: `hm|${history[2].content}` }],
    })
    await say(thinking, 'Go on')
    const before = thinking.renderPrompt()
    expect(before.text).not.toContain('hm|')
    thinking.addUser('More')
    await read(thinking.respond())
    expect(thinking.stats().nReused).toBeGreaterThan(20)
  })

  it('keeps the ids of a reply as far as the text is the same', async () => {
    const trims = '{% for m in messages %}<{{ m.role }}>{{ m.content|trim }}</>\n{% endfor %}<assistant>'
    using chat = chatOf({ template: trims })
    const newline = model.encode('\n', { addSpecial: false }).at(-1)!
    await say(chat, 'Hi', { maxTokens: 4 })
    const { ids = [], content = '' } = chat.history[1]
    using again = chatOf({
      template: trims,
      history: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: `${content}\n\n`, ids: [...ids, newline, newline] },
      ],
    })
    again.addUser('?')
    const prompt = again.renderPrompt()
    expect(prompt.text).toContain(`${content.trim()}</>`)
    if (!/^\s/.test(content)) expect(prompt.ids.join()).toContain(ids.join())
  })
})

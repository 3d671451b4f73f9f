import { beforeEach, describe, expect, it, vi } from 'vitest'
import { type Chat, type ChatOptions, createChat, type Model } from '../../src/index.js'
import { pacer } from '../../src/platform/pacer.js'
import type { RecurrentExecutable } from '../support/recurrent-executable.js'
import { recurrentModel } from '../support/recurrent-model.js'

let model: Model
let executable: RecurrentExecutable
beforeEach(async () => {
  ;({ model, executable } = await recurrentModel({ reach: 'recurrent' }))
})

function chatOf(options: ChatOptions = {}): Chat {
  return createChat(model, { template: 'chatml', temp: 0, maxTokens: 8, ignoreEos: true, ...options })
}

/** Text that the model does not write on its own: a reply that begins with thoughts. */
const THINKS =
  '{% for m in messages %}{{ m.content }}\n{% endfor %}{% if add_generation_prompt %}<think>{% endif %}'

describe('send', () => {
  it('is a whole turn: the message, the reply, and both in the history', async () => {
    using chat = chatOf()
    const result = await chat.send('Hi')
    using other = chatOf()
    other.addUser('Hi')
    const reply = other.respond()
    for await (const _ of reply);
    expect(chat.history).toEqual(other.history)
    expect(result).toEqual({
      text: reply.text,
      ids: reply.ids,
      stopReason: 'length',
      usage: { promptTokens: reply.promptIds.length, cachedTokens: 0, completionTokens: 8 },
      content: reply.content,
      reasoning: '',
      toolCalls: [],
      message: chat.history[1],
    })
    const second = await chat.send('And then?')
    expect(second.usage.cachedTokens).toBeGreaterThan(result.usage.promptTokens)
    expect(chat.history).toHaveLength(4)
  })

  it('takes parts of a text, a message of any role, and the options of a reply', async () => {
    using chat = chatOf()
    await chat.send(
      [
        { type: 'text', text: 'one' },
        { type: 'text', text: 'two' },
      ],
      { maxTokens: 2 },
    )
    await chat.send({ role: 'tool', content: '42', name: 'count' })
    expect(chat.history.map(({ role, content }) => (role === 'assistant' ? role : content))).toEqual([
      'one\ntwo',
      'assistant',
      '42',
      'assistant',
    ])
    expect(chat.history[1].ids).toHaveLength(2)
  })

  it('returns thoughts apart', async () => {
    using chat = chatOf({ template: THINKS, replyFormat: { reasoning: 'think' } })
    const { reasoning, content, text } = await chat.send('Hi')
    expect(reasoning).not.toBe('')
    expect(content).toBe('')
    expect(text).toContain(reasoning)
  })

  it('leaves no message behind where it is refused or fails before the reply', async () => {
    using chat = chatOf({ session: { contextLength: 64 }, overflow: 'error' })
    await expect(chat.send('long '.repeat(100))).rejects.toMatchObject({ code: 'CONTEXT_FULL' })
    await expect(chat.send('Hi', { topK: 0.5 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    for (const wrong of [7, null, undefined, {}, { text: 'x' }, { role: 'nobody', content: '' }]) {
      await expect(chat.send(wrong as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    }
    executable.memoryLimit = executable.bytesInUse
    await expect(chat.send('Hi')).rejects.toMatchObject({ code: 'OUT_OF_MEMORY' })
    executable.memoryLimit = 2 ** 26
    expect(chat.history).toEqual([])
    expect(chat.isBusy).toBe(false)
    await chat.send('Hi')
    expect(chat.history).toHaveLength(2)
  })

  it('resolves where it is aborted, with what was said by then', async () => {
    using chat = chatOf({ maxTokens: 50 })
    const { stopReason, message } = await chat.send('Hi', { signal: AbortSignal.abort() })
    expect({ stopReason, message }).toEqual({ stopReason: 'abort', message: undefined })
    expect(chat.history).toEqual([{ role: 'user', content: 'Hi' }])
  })
})

describe('the result of a reply', () => {
  it('takes no token and no event from loops', async () => {
    using chat = chatOf()
    chat.addUser('Hi')
    const reply = chat.respond()
    const result = reply.result()
    let content = ''
    for await (const event of reply.events()) if (event.type === 'content') content += event.text
    expect((await result).content).toBe(content)
    expect(await reply.result()).toEqual(await result)
    expect(content).not.toBe('')
  })
})

describe('dispose of a chat', () => {
  beforeEach(() => {
    const due = vi.spyOn(pacer, 'isDue').mockReturnValue(true)
    return () => due.mockRestore()
  })

  it.each<[string, ChatOptions]>([
    ['a reply', {}],
    ['a reply that thinks', { template: THINKS, replyFormat: { reasoning: 'think' }, thinking: 1000 }],
    [
      'a reply in a given form',
      {
        template: THINKS,
        replyFormat: { reasoning: 'think' },
        responseFormat: { type: 'json_object' },
        ignoreEos: false,
      },
    ],
  ])('ends %s with stopReason abort, and what was said is in the history', async (_, options) => {
    const chat = chatOf({ maxTokens: 500, ...options })
    const sending = chat.send('Hi')
    while (executable.rows < 60) await new Promise((resolve) => setImmediate(resolve))
    await Promise.all([chat.dispose(), chat.dispose()])
    expect(chat.isBusy).toBe(false)
    expect(executable.open.size).toBe(0)
    const { stopReason, message } = await sending
    expect(stopReason).toBe('abort')
    expect(message).toMatchObject({ cut: 'abort' })
    expect(chat.history.at(-1)).toEqual(message)
    expect(() => chat.respond()).toThrow(expect.objectContaining({ code: 'DISPOSED' }))
  })

  it('in the loop of a reply ends the loop', async () => {
    await using chat = chatOf({ maxTokens: 500 })
    chat.addUser('Hi')
    const reply = chat.respond()
    let seen = 0
    for await (const _ of reply) {
      seen++
      await chat.dispose()
      expect(reply.stopReason).toBe('abort')
    }
    expect(seen).toBe(1)
    expect(reply.message?.ids).toHaveLength(1)
  })

  it('of a reply that closes its thoughts', async () => {
    // Between the thoughts and the answer the session evaluates the end of the thoughts by itself.
    for (let rows = 30; rows < 60; rows++) {
      const { model, executable } = await recurrentModel({ reach: 'kv' })
      const chat = createChat(model, {
        template: THINKS,
        replyFormat: { reasoning: 'think' },
        thinking: 3,
        temp: 0,
        ignoreEos: true,
        maxTokens: 60,
      })
      const sending = chat.send('Once upon a time there was a llama')
      while (executable.rows < rows) await new Promise((resolve) => setImmediate(resolve))
      await chat.dispose()
      expect((await sending).stopReason).toBe('abort')
      expect(executable.open.size).toBe(0)
    }
  })
})

/** The web's Prompt API with a model of this package. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Model } from '../../src/index.js'
import {
  createLanguageModel,
  type LanguageModelMessage,
  type LanguageModel as WebLanguageModel,
} from '../../src/prompt-api/index.js'
import { collected, Script, tinyStories } from '../server/support.js'

let model: Model
let script: Script
let LanguageModel: WebLanguageModel
let Scripted: WebLanguageModel
beforeAll(async () => {
  model = await tinyStories(1024)
  script = new Script(model)
  LanguageModel = createLanguageModel(model, { template: 'chatml' })
  Scripted = createLanguageModel(model, {
    template: 'chatml',
    replyFormat: { reasoning: 'think', tools: 'hermes' },
    sampling: script.sampling,
  })
})
afterAll(() => model.dispose())

const system = (content: string): LanguageModelMessage => ({ role: 'system', content })
const user = (content: string): LanguageModelMessage => ({ role: 'user', content })

/** What a promise rejects with. */
async function rejection(promise: Promise<unknown>): Promise<Error & { requested?: number; quota?: number }> {
  try {
    await promise
  } catch (error) {
    return error as Error
  }
  throw new Error('it resolved')
}

describe('availability', () => {
  it('says what the model can read, and whether it has been loaded', async () => {
    let finish: (loaded: Model) => void = () => {}
    const Lazy = createLanguageModel(() => new Promise<Model>((resolve) => (finish = resolve)))
    expect(await Lazy.availability()).toBe('downloadable')
    expect(await Lazy.params()).toBeNull()
    const creating = Lazy.create().catch((error: Error) => error.name)
    await new Promise((resolve) => setTimeout(resolve, 0))
    expect(await Lazy.availability()).toBe('downloading')
    finish(model)
    // The model's file has no template.
    expect(await creating).toBe('NotSupportedError')
    expect(await Lazy.availability()).toBe('available')
    expect(await LanguageModel.availability({ expectedInputs: [{ type: 'text', languages: ['en'] }] })).toBe(
      'available',
    )
    expect(await LanguageModel.availability({ expectedInputs: [{ type: 'image' }] })).toBe('unavailable')
    expect(await LanguageModel.availability({ expectedOutputs: [{ type: 'audio' }] })).toBe('unavailable')
    expect(await LanguageModel.params()).toMatchObject({
      defaultTemperature: 0.7,
      maxTopK: model.config.vocabSize,
    })
  })
})

describe('create', () => {
  it('loads the model once, and reports the progress to monitors', async () => {
    const seen: number[] = []
    let loads = 0
    const Lazy = createLanguageModel(
      async ({ onProgress }) => {
        loads++
        for (const loaded of [0.25, 0.25, 0.5, 7]) onProgress(loaded)
        return tinyStories(128)
      },
      { template: 'chatml' },
    )
    const monitor = (target: EventTarget) =>
      target.addEventListener('downloadprogress', (event) => {
        if ('loaded' in event) seen.push(event.loaded as number)
      })
    await Promise.all([Lazy.create({ monitor }), Lazy.create()])
    expect(seen).toEqual([0, 0.25, 0.5, 1])
    expect(loads).toBe(1)
    await Lazy.dispose()
    expect((await rejection(Lazy.create())).name).toBe('InvalidStateError')
  })

  it('begins with prompts, whose tokens count', async () => {
    const empty = await LanguageModel.create()
    expect(empty.contextUsage).toBe(0)
    expect(empty.contextWindow).toBe(1024)
    const session = await LanguageModel.create({ initialPrompts: [system('Be brief.')] })
    expect(session.contextUsage).toBeGreaterThan(5)
    const longer = await LanguageModel.create({
      initialPrompts: [
        system('Be brief.'),
        user('Hi'),
        { role: 'assistant', content: [{ type: 'text', value: 'Yes.' }] },
      ],
    })
    expect(longer.contextUsage).toBeGreaterThan(session.contextUsage)
    expect([longer.inputUsage, longer.inputQuota]).toEqual([longer.contextUsage, longer.contextWindow])
    const [sum, more] = await Promise.all([
      session.measureContextUsage('Hello there'),
      session.measureContextUsage('Hello there, my friend'),
    ])
    expect(sum).toBeGreaterThan(2)
    expect(more).toBeGreaterThan(sum)
  })

  it.each<[string, object, string, RegExp]>([
    ['images', { expectedInputs: [{ type: 'image' }] }, 'NotSupportedError', /text only/],
    ['a system message in the middle', { initialPrompts: [user('a'), system('b')] }, 'TypeError', /first/],
    ['an unknown role', { initialPrompts: [{ role: 'critic', content: 'a' }] }, 'TypeError', /"critic"/],
    ['no content', { initialPrompts: [{ role: 'user' }] }, 'TypeError', /content/],
    [
      'an image in a message',
      { initialPrompts: [{ role: 'user', content: [{ type: 'image', value: 1 }] }] },
      'NotSupportedError',
      /"image"/,
    ],
    [
      'a text that is not one',
      { initialPrompts: [{ role: 'user', content: [{ type: 'text', value: 1 }] }] },
      'TypeError',
      /string/,
    ],
    ['a negative temperature', { temperature: -1 }, 'RangeError', /temperature/],
    ['a mode and a temperature', { samplingMode: 'creative', temperature: 1 }, 'TypeError', /contradict/],
    ['an unknown mode', { samplingMode: 'wild' }, 'TypeError', /samplingMode/],
    ['a tool that cannot be executed', { tools: [{ name: 'a' }] }, 'TypeError', /execute/],
    ['a tool without a name', { tools: [{ execute: () => 'a' }] }, 'TypeError', /name/],
    ['a monitor that is not a function', { monitor: 1 }, 'TypeError', /monitor/],
    ['a signal that is not one', { signal: 1 }, 'TypeError', /signal/],
  ])('refuses %s', async (_, options, name, message) => {
    const error = await rejection(LanguageModel.create(options))
    expect(error.name).toBe(name)
    expect(error.message).toMatch(message)
  })

  it('refuses initial prompts that do not fit, with the numbers', async () => {
    const error = await rejection(LanguageModel.create({ initialPrompts: [system('dog '.repeat(1100))] }))
    expect(error).toBeInstanceOf(DOMException)
    expect(error).toMatchObject({ name: 'QuotaExceededError', quota: 1024 })
    expect(error.requested).toBeGreaterThan(1100)
  })

  it('ends with its signal', async () => {
    const gone = new Error('gone')
    expect(await rejection(LanguageModel.create({ signal: AbortSignal.abort(gone) }))).toBe(gone)
    const controller = new AbortController()
    const session = await LanguageModel.create({ signal: controller.signal })
    controller.abort(gone)
    expect(await rejection(session.prompt('Hi'))).toBe(gone)
  })
})

describe('a session', () => {
  it('answers, and remembers', async () => {
    const session = await LanguageModel.create({ samplingMode: 'most-predictable' })
    expect([session.samplingMode, session.temperature]).toEqual(['most-predictable', 0])
    script.says('Hello, I am here.')
    const scripted = await Scripted.create()
    expect(await scripted.prompt('Hello?')).toBe('Hello, I am here.')
    const { contextUsage } = scripted
    expect(contextUsage).toBeGreaterThan(10)
    script.says('And again.')
    const pieces = await collected(scripted.promptStreaming([user('Really?'), user('Sure?')]))
    expect(pieces.length).toBeGreaterThan(1)
    expect(pieces.join('')).toBe('And again.')
    expect(scripted.contextUsage).toBeGreaterThan(contextUsage)
  })

  it('does not show its reasoning', async () => {
    script.says('<think>\nHm.\n</think>\n\nFour.')
    expect(await (await Scripted.create()).prompt('Two and two?')).toBe('Four.')
  })

  it('appends messages without an answer', async () => {
    const session = await LanguageModel.create()
    const measured = await session.measureContextUsage('A long story about a dog')
    expect(await session.append('A long story about a dog')).toBeUndefined()
    expect(session.contextUsage).toBe(measured)
    expect((await rejection(session.append([system('late')]))).name).toBe('TypeError')
  })

  it('runs calls one after the other', async () => {
    script.says('Yes.')
    const session = await Scripted.create()
    const order: string[] = []
    await Promise.all([
      session.prompt('One?').then(() => order.push('first')),
      session.append('Two.').then(() => order.push('second')),
      session.prompt('Three?').then(() => order.push('third')),
    ])
    expect(order).toEqual(['first', 'second', 'third'])
  })

  it('answers with objects of a schema, or what matches a regular expression', async () => {
    const session = await LanguageModel.create()
    const schema = {
      type: 'object',
      properties: { age: { type: 'integer', minimum: 1, maximum: 9 } },
      required: ['age'],
      additionalProperties: false,
    }
    const { age } = JSON.parse(await session.prompt('How old?', { responseConstraint: schema }))
    expect(age).toBeGreaterThan(0)
    const word = /^(ja|"nein"|é\\[0-9]{2})$/
    for (let i = 0; i < 6; i++) {
      const pieces = await collected(session.promptStreaming('Well?', { responseConstraint: word }))
      expect(pieces.join('')).toMatch(word)
    }
    const wrong = (responseConstraint: unknown) =>
      rejection(session.prompt('Well?', { responseConstraint: responseConstraint as object }))
    expect((await wrong(/a/i)).name).toBe('NotSupportedError')
    expect((await wrong('a')).name).toBe('TypeError')
    expect((await wrong({ type: 'odd' })).name).toBe('TypeError')
  })

  it('executes tools, several at once, and answers with their results', async () => {
    const call = (city: string) =>
      `<tool_call>\n{"name": "weather", "arguments": {"city": "${city}"}}\n</tool_call>`
    script.says(`${call('Rome')}\n${call('Oslo')}`)
    const asked: string[] = []
    const tools = [
      {
        name: 'weather',
        description: 'The weather of a city',
        inputSchema: { type: 'object', properties: { city: { type: 'string' } } },
        async execute({ city }: { city: string }) {
          asked.push(city)
          script.says('Both are sunny.')
          return { sky: 'clear' }
        },
      },
    ]
    const session = await Scripted.create({ tools, expectedOutputs: [{ type: 'tool-call' }] })
    expect(await session.prompt('Rome and Oslo?')).toBe('Both are sunny.')
    expect(asked).toEqual(['Rome', 'Oslo'])
    script.says(call('Rome'))
    const failing = await Scripted.create({
      tools: [{ ...tools[0], execute: async () => Promise.reject(new RangeError('no network')) }],
    })
    expect((await rejection(failing.prompt('Rome?'))).message).toBe('no network')
    expect(failing.contextUsage).toBe(0)
    await using large = await tinyStories(4096)
    const Large = createLanguageModel(large, {
      template: 'chatml',
      replyFormat: { tools: 'hermes' },
      sampling: script.sampling,
    })
    const endless = await Large.create({ tools: [{ ...tools[0], execute: () => 'again' }] })
    expect((await rejection(endless.prompt('Rome?'))).name).toBe('OperationError')
    const filling = await Scripted.create({ tools: [{ ...tools[0], execute: () => 'dog '.repeat(300) }] })
    expect((await rejection(filling.prompt('Rome?'))).name).toBe('QuotaExceededError')
    expect(filling.contextUsage).toBe(0)
  })

  it('drops old turns, but not the initial prompts, when the context is full', async () => {
    script.says('Yes.')
    const session = await Scripted.create({
      initialPrompts: [system('Be brief.'), user('Hi'), { role: 'assistant', content: 'Ho.' }],
    })
    const initial = session.contextUsage
    const events: string[] = []
    session.oncontextoverflow = ({ type }) => events.push(`on ${type}`)
    session.addEventListener('quotaoverflow', ({ type }) => events.push(type))
    const text = 'dog '.repeat(130)
    let most = 0
    for (let i = 0; i < 8; i++) {
      await session.prompt(text)
      most = Math.max(most, session.contextUsage)
    }
    expect(most).toBeLessThan(1024)
    expect(most).toBeGreaterThan(500)
    expect(events.slice(0, 2)).toEqual(['on contextoverflow', 'quotaoverflow'])
    expect(session.contextUsage).toBeGreaterThan(initial)
    const before = session.contextUsage
    const error = await rejection(session.prompt('dog '.repeat(1100)))
    expect(error).toMatchObject({ name: 'QuotaExceededError', quota: 1024 })
    expect(session.contextUsage).toBe(before)
    expect(await session.prompt('Still there?')).toBe('Yes.')
  })

  it('forgets a prompt that was aborted, and goes on', async () => {
    const slow = createLanguageModel(model, { template: 'chatml', sampling: { ignoreEos: true } })
    const session = await slow.create()
    const gone = new Error('gone')
    const controller = new AbortController()
    const running = session.prompt('Once', { signal: controller.signal })
    const waiting = session.prompt('Never', { signal: controller.signal })
    setTimeout(() => controller.abort(gone), 50)
    expect(await Promise.all([rejection(running), rejection(waiting)])).toEqual([gone, gone])
    expect(session.contextUsage).toBe(0)
    for await (const _ of session.promptStreaming('Once')) break
    expect(session.contextUsage).toBe(0)
    await session.append('Twice')
    expect(session.contextUsage).toBeGreaterThan(0)
  })

  it('is cloned with its conversation, and goes on alone', async () => {
    script.says('Yes.')
    const session = await Scripted.create({ initialPrompts: [system('Be brief.')] })
    await session.prompt('One?')
    const clone = await session.clone()
    expect(clone.contextUsage).toBe(session.contextUsage)
    await clone.prompt('Two?')
    expect(clone.contextUsage).toBeGreaterThan(session.contextUsage)
    session.destroy()
    expect(await clone.prompt('Three?')).toBe('Yes.')
    const aborted = { signal: AbortSignal.abort(new Error('gone')) }
    expect((await rejection(clone.clone(aborted))).message).toBe('gone')
  })

  it('is destroyed while it runs, and for good', async () => {
    const slow = createLanguageModel(model, { template: 'chatml', sampling: { ignoreEos: true } })
    const session = await slow.create()
    const running = session.prompt('Once')
    const waiting = session.append('Twice')
    setTimeout(() => session.destroy(), 50)
    const errors = await Promise.all([rejection(running), rejection(waiting)])
    expect(errors.map(({ name }) => name)).toEqual(['AbortError', 'AbortError'])
    session.destroy()
    const calls = [
      () => session.prompt('a'),
      () => session.append('a'),
      () => session.clone(),
      () => session.measureContextUsage('a'),
    ]
    for (const call of calls) expect((await rejection(call())).name).toBe('AbortError')
    const reader = session.promptStreaming('a').getReader()
    expect((await rejection(reader.read())).name).toBe('AbortError')
  })

  it('refuses what is not a prompt', async () => {
    const session = await LanguageModel.create()
    for (const input of [undefined, 7, [], [7], '', [user(' ')], [system('a')]]) {
      expect((await rejection(session.prompt(input as string))).name).toBe('TypeError')
    }
    const prefix = { role: 'assistant', content: '{', prefix: true } as const
    expect((await rejection(session.prompt([user('a'), prefix]))).name).toBe('NotSupportedError')
    expect((await rejection(session.prompt([prefix, user('a')]))).name).toBe('SyntaxError')
    expect(session.contextUsage).toBe(0)
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { GenerateOptions, Model, ResponseFormat, Session } from '../../src/index.js'
import { VOCAB } from '../model/small.js'
import { collect, loadSmall } from './collect.js'

const PROMPT = 'tell'
const SCHEMA: ResponseFormat = {
  type: 'json_schema',
  schema: {
    type: 'object',
    properties: { age: { type: 'integer', minimum: 0, maximum: 150 }, kind: { enum: ['cat', 'dog'] } },
    required: ['age', 'kind'],
  },
}
const HOT: GenerateOptions = { temp: 1.5, maxTokens: 200 }

let model: Model
let bpe: Model
beforeAll(async () => {
  model = await loadSmall()
  bpe = await loadSmall({ tokenizer: 'bpe' })
})
afterAll(() => Promise.all([model.dispose(), bpe.dispose()]))

const grammar = (source: string): ResponseFormat => ({ type: 'grammar', grammar: source })

function newSession(seed = 1): Session {
  return model.createSession({ seed })
}

describe('responseFormat', () => {
  it('json_schema: the text is valid, greedily and at any temperature', async () => {
    for (const temp of [0, 0.7, 3]) {
      for (const each of [model, bpe]) {
        using session = each.createSession({ seed: 5 })
        const generation = session.generate(PROMPT, { responseFormat: SCHEMA, temp, maxTokens: 100 })
        expect(generation.isComplete).toBe(false)
        await collect(generation)
        const { age, kind, ...others } = JSON.parse(generation.text)
        expect(age >= 0 && age <= 150 && Number.isInteger(age)).toBe(true)
        expect(['cat', 'dog']).toContain(kind)
        expect(others).toEqual({})
        // Nothing can follow, so no end token was needed.
        expect(generation).toMatchObject({ stopReason: 'stop', stoppedBy: undefined, isComplete: true })
        expect(session.stats().nGen).toBe(generation.ids.length)
      }
    }
  })

  it('json_object: an object', async () => {
    using session = newSession()
    const generation = session.generate(PROMPT, { ...HOT, responseFormat: { type: 'json_object' } })
    await collect(generation)
    expect(generation.text).toMatch(/^\{/)
    if (generation.stopReason === 'stop') expect(typeof JSON.parse(generation.text)).toBe('object')
    else expect(generation.isComplete).toBe(false)
  })

  it('grammar: ends at an end token where more could follow', async () => {
    const ended = []
    for (let seed = 0; seed < 20; seed++) {
      using session = newSession(seed)
      const generation = session.generate(PROMPT, { ...HOT, responseFormat: grammar('root ::= [ab]+') })
      await collect(generation)
      expect(generation.text).toMatch(/^[ab]+$/)
      expect(generation.isComplete).toBe(true)
      if (generation.stopReason === 'stop') ended.push(generation.stoppedBy)
    }
    expect(new Set(ended)).toEqual(model.tokenizer.endOfGeneration)
  })

  it('text, and none, change nothing', async () => {
    const texts = []
    for (const responseFormat of [undefined, { type: 'text' } as const]) {
      using session = newSession()
      const generation = session.generate(PROMPT, { ...HOT, maxTokens: 20, responseFormat })
      await collect(generation)
      expect(generation.isComplete).toBe(generation.stopReason === 'stop')
      texts.push(generation.text)
    }
    expect(texts[0]).toBe(texts[1])
  })

  it('of nothing but the empty text ends at once', async () => {
    using session = newSession()
    const generation = session.generate(PROMPT, { responseFormat: grammar('root ::= ""') })
    expect(await collect(generation)).toEqual([])
    expect(generation).toMatchObject({ stopReason: 'stop', isComplete: true, text: '' })
  })

  it('takes characters in several tokens', async () => {
    using session = newSession()
    const generation = session.generate(PROMPT, { responseFormat: grammar('root ::= "ä😀" [世界]{2}') })
    const tokens = await collect(generation)
    expect(generation.text).toMatch(/^ä😀[世界]{2}$/)
    expect(tokens.length).toBeGreaterThan(4)
    expect(generation.isComplete).toBe(true)
  })

  it('starts over when the session continues', async () => {
    using session = newSession()
    const responseFormat = grammar('root ::= [a-c]{3} "."')
    const texts = []
    for (const prompt of [PROMPT, undefined, undefined]) {
      const generation = session.generate(prompt, { ...HOT, responseFormat })
      await collect(generation)
      texts.push(generation.text)
    }
    for (const text of texts) expect(text).toMatch(/^[a-c]{3}\.$/)
  })
})

describe('a text that is cut', () => {
  it.each([
    ['length', { maxTokens: 3 }],
    ['length', { maxTokens: 0 }],
  ])('by %s %o is not complete', async (stopReason, options) => {
    using session = newSession()
    const generation = session.generate(PROMPT, { responseFormat: SCHEMA, ...options })
    await collect(generation)
    expect(generation).toMatchObject({ stopReason, isComplete: false })
  })

  it('by the context', async () => {
    using session = model.createSession({ seed: 1, contextLength: 8 })
    const generation = session.generate(PROMPT, { responseFormat: SCHEMA })
    await collect(generation)
    expect(generation).toMatchObject({ stopReason: 'context', isComplete: false })
  })

  it('by a signal', async () => {
    using session = newSession()
    const controller = new AbortController()
    const generation = session.generate(PROMPT, { responseFormat: SCHEMA, signal: controller.signal })
    for await (const _ of generation) if (generation.ids.length === 2) controller.abort()
    expect(generation).toMatchObject({ stopReason: 'abort', isComplete: false })
  })

  it('by a stop string; complete is what is left of it, if it is', async () => {
    using session = newSession()
    const cut = session.generate(PROMPT, { responseFormat: SCHEMA, stop: 'kind' })
    await collect(cut)
    expect(cut).toMatchObject({ stopReason: 'stop', stoppedBy: 'kind', isComplete: false })
    const whole = session.generate(PROMPT, {
      responseFormat: grammar('root ::= "ab" "cd"?'),
      stop: 'c',
      logitBias: { [idOf('c')]: 50 },
    })
    await collect(whole)
    expect(whole).toMatchObject({ text: 'ab', stoppedBy: 'c', isComplete: true })
  })

  it('within a character', async () => {
    using session = newSession()
    const generation = session.generate(PROMPT, { responseFormat: grammar('root ::= "a😀"'), maxTokens: 3 })
    await collect(generation)
    expect(generation).toMatchObject({ text: 'a\ufffd', isComplete: false, stopReason: 'length' })
  })

  it('by the loop: the match goes back with the session', async () => {
    using session = newSession()
    // Everything may begin this, so that tokens are held back.
    const options = { responseFormat: grammar('root ::= "aabb"'), stop: 'aabbx' }
    const generation = session.generate(PROMPT, options)
    expect(generation.isComplete).toBe(false)
    await collect(generation)
    expect(generation).toMatchObject({ text: 'aabb', isComplete: true })
    const left = session.generate(PROMPT, {
      responseFormat: grammar('root ::= "ab"+'),
      stop: ['bab', 'aa'],
      maxTokens: 30,
    })
    for await (const _ of left) break
    expect(left.stopReason).toBe('callback')
    expect(left.isComplete).toBe(/^(ab)+$/.test(left.text))
  })
})

/** The token of this text that is not a byte token. */
function idOf(text: string): number {
  return Array.from({ length: VOCAB }, (_, id) => id)
    .filter((id) => model.piece(id) === text)
    .at(-1)!
}

describe('beside other options', () => {
  it('logprobs after the chain are of what is allowed', async () => {
    for (const options of [{}, { temp: 1 }, { temp: 1, topK: 3, penalty: 1.1 }]) {
      using session = newSession()
      const responseFormat = grammar('root ::= [xyz]{5}')
      const tokens = await collect(session.generate(PROMPT, { ...options, responseFormat, logprobs: 5 }))
      for (const { logprobs, piece } of tokens) {
        expect(piece).toMatch(/^[xyz]+$/)
        const { top, logprob } = logprobs!.after
        for (const { id } of top) expect(model.piece(id)).toMatch(/^[xyz]+$/)
        expect(top.reduce((sum, each) => sum + Math.exp(each.logprob), 0)).toBeLessThan(1 + 1e-6)
        expect(logprob).toBeGreaterThan(logprobs!.before.logprob - 1e-6)
      }
    }
  })

  it('stopIds end the text only where it is complete', async () => {
    const [a, dot] = [idOf('a'), idOf('.')]
    const ends = new Set()
    for (let seed = 0; seed < 10; seed++) {
      using session = newSession(seed)
      const options = { ...HOT, stopIds: [a, dot], responseFormat: grammar('root ::= [abc]{2} "."*') }
      const generation = session.generate(PROMPT, options)
      await collect(generation)
      expect(generation.isComplete).toBe(true)
      ends.add(generation.stoppedBy)
      // As text they are never chosen: bytes may spell it.
      expect(generation.ids).not.toContain(a)
      expect(generation.ids).not.toContain(dot)
    }
    expect(ends.has(a) || ends.has(dot)).toBe(true)
  })

  it('minTokens holds the end back as long as the text can go on', async () => {
    using session = newSession()
    const open = session.generate(PROMPT, { ...HOT, minTokens: 9, responseFormat: grammar('root ::= [ab]*') })
    await collect(open)
    expect(open.ids.length).toBeGreaterThanOrEqual(9)
    const closed = session.generate(PROMPT, {
      ...HOT,
      minTokens: 9,
      responseFormat: grammar('root ::= "ab"'),
    })
    await collect(closed)
    expect(closed).toMatchObject({ text: 'ab', stopReason: 'stop', isComplete: true })
  })

  it('a context shift forgets tokens, not the match', async () => {
    using session = model.createSession({ seed: 1, contextLength: 12, contextShift: true })
    const generation = session.generate(PROMPT, {
      ...HOT,
      responseFormat: grammar('root ::= ("ab" "cd"){8} "!"'),
    })
    await collect(generation)
    expect(generation).toMatchObject({ text: `${'abcd'.repeat(8)}!`, isComplete: true })
    expect(session.stats().nShifts).toBeGreaterThan(0)
  })

  it('custom steps and every other step see only what is allowed', async () => {
    using session = newSession()
    const generation = session.generate(PROMPT, {
      ...HOT,
      samplers: [
        (candidates) => candidates.mapLogits(() => 0),
        'penalties',
        'temperature',
        'topK',
        'topP',
        'minP',
      ],
      topK: 40,
      topP: 0.9,
      minP: 0.01,
      penalty: 1.3,
      responseFormat: grammar('root ::= [mno]{9}'),
    })
    const fixed = collect(generation)
    await expect(fixed).resolves.toBeDefined()
    expect(generation.text).toMatch(/^[mno]{9}$/)
  })

  it('bans that leave nothing are an error that says so', async () => {
    using session = newSession()
    const bannedIds = Array.from({ length: VOCAB }, (_, id) => id).filter((id) =>
      /x|^�/.test(model.piece(id)),
    )
    const generation = session.generate(PROMPT, {
      bannedIds: [...bannedIds, ...bytes()],
      responseFormat: grammar('root ::= "ax"'),
    })
    await expect(collect(generation)).rejects.toMatchObject({
      code: 'NO_CANDIDATES',
      hint: expect.stringContaining('response format'),
    })
    expect(generation).toMatchObject({ text: 'a', isComplete: false })
    expect(session.isBusy).toBe(false)

    /** Tokens of single bytes, which spell everything. */
    function bytes(): number[] {
      return Array.from({ length: VOCAB }, (_, id) => id).filter(
        (id) => id >= 3 && id < 259 && id !== 3 + 0x61,
      )
    }
  })
})

describe('refused before anything runs:', () => {
  it.each<[unknown, string, string]>([
    [null, 'INVALID_ARGUMENT', 'there is no responseFormat "null"'],
    ['json', 'INVALID_ARGUMENT', 'there is no responseFormat "json"'],
    [{}, 'INVALID_ARGUMENT', 'there is no responseFormat undefined'],
    [{ type: 'xml' }, 'INVALID_ARGUMENT', 'there is no responseFormat "xml"'],
    [{ type: 'text', schema: {} }, 'INVALID_ARGUMENT', 'no member "schema"'],
    [{ type: 'json_schema', json_schema: {} }, 'INVALID_ARGUMENT', 'no member "json_schema"'],
    [{ type: 'grammar' }, 'INVALID_ARGUMENT', 'responseFormat.grammar must be a string'],
  ])('%j', (responseFormat, code, message) => {
    using session = newSession()
    expect(() => session.generate(PROMPT, { responseFormat: responseFormat as ResponseFormat })).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    )
    expect(session.isBusy).toBe(false)
  })

  it.each<[ResponseFormat, string, string]>([
    [{ type: 'json_schema' } as never, 'INVALID_ARGUMENT', 'a schema is an object'],
    [{ type: 'json_schema', schema: { pattern: '(a)\\1' } }, 'UNSUPPORTED', '#/pattern'],
    [{ type: 'json_schema', schema: false }, 'INVALID_ARGUMENT', 'nothing is valid by it'],
    [{ type: 'grammar', grammar: 'root ::= x' }, 'INVALID_ARGUMENT', 'line 1, column 10'],
    [{ type: 'grammar', grammar: 'root ::= root' }, 'INVALID_ARGUMENT', 'left recursion'],
  ])('when the first token is requested: %j', async (responseFormat, code, message) => {
    using session = newSession()
    const generation = session.generate(PROMPT, { responseFormat })
    expect(generation.isComplete).toBe(false)
    const refusal = expect.objectContaining({ code, message: expect.stringContaining(message) })
    await expect(generation.result()).rejects.toEqual(refusal)
    expect(generation.stopReason).toBeUndefined()
    expect(session).toMatchObject({ isBusy: false, position: 0 })
  })

  it('ignoreEos', () => {
    using session = newSession()
    expect(() => session.generate(PROMPT, { ignoreEos: true, responseFormat: SCHEMA })).toThrow(
      'contradict each other',
    )
    session.generate(PROMPT, { ignoreEos: true, responseFormat: { type: 'text' } })
  })
})

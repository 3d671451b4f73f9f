import { beforeAll, describe, expect, it } from 'vitest'
import type { GenerateOptions, Model, Session, SessionOptions } from '../../src/index.js'
import { VOCAB } from '../model/small.js'
import { collect, idsOf, loadSmall } from './collect.js'

let model: Model
beforeAll(async () => {
  model = await loadSmall()
})

const PROMPT = 'to be misused'
const { NaN: nan, POSITIVE_INFINITY: infinity } = Number

/** An error of this package with the code, and with a part of the message. */
function failure(code: string, message = '') {
  return expect.objectContaining({ name: 'DasllamaError', code, message: expect.stringContaining(message) })
}

async function expectRejected(promise: Promise<unknown>, code: string, message = ''): Promise<void> {
  await expect(promise).rejects.toEqual(failure(code, message))
}

describe('session options:', () => {
  it.each<[unknown, string]>([
    [{ seed: -1 }, 'seed'],
    [{ seed: 0.5 }, 'seed'],
    [{ seed: '7' }, 'seed'],
    [{ seed: null }, 'seed'],
    [{ kvType: 'q4_0' }, 'kvType must be one of f16, f32, q8_0, not "q4_0"'],
    [{ kvType: null }, 'kvType'],
    [{ contextLength: 0 }, 'contextLength must be a whole number from 1'],
    [{ contextLength: -5 }, 'contextLength'],
    [{ contextLength: 1.5 }, 'contextLength'],
    [{ contextLength: nan }, 'contextLength'],
    [{ contextLength: '100' }, 'contextLength'],
    [{ contextLength: 2 ** 24 + 1 }, 'contextLength'],
    [null, 'options'],
    ['f16', 'options'],
    [7, 'options'],
  ])('%o', (options, message) => {
    const before = model.memoryBytes
    expect(() => model.createSession(options as SessionOptions)).toThrow(failure('INVALID_ARGUMENT', message))
    expect(model.memoryBytes).toBe(before)
  })

  it('a context larger than memory is accepted: it is a limit, and allocates nothing', async () => {
    const before = model.memoryBytes
    using session = model.createSession({ contextLength: 2 ** 24, kvType: 'f32' })
    expect(model.memoryBytes).toBe(before)
    await session.eval([1])
  })
})

describe('a session', () => {
  let session: Session
  beforeAll(() => {
    session = model.createSession({ contextLength: 40 })
  })

  const BAD_IDS: readonly [unknown, string][] = [
    [[VOCAB], `token ${VOCAB} at index 0 is not in the vocabulary (0 to ${VOCAB - 1})`],
    [[1, 2, -1], 'token -1 at index 2'],
    [[1.5], 'token 1.5 at index 0'],
    [[nan], 'token NaN'],
    [[infinity], 'token Infinity'],
    [['1'], 'token "1" at index 0'],
    [[null], 'token null'],
    [[1n], 'token 1n at index 0'],
    [new Array(3), 'token undefined at index 0'],
    [Int32Array.of(5, -7), 'token -7 at index 1'],
    [Float32Array.of(1.25), 'token 1.25'],
    [7, 'token ids must be an array of numbers, not 7'],
    [null, 'token ids must be an array of numbers'],
    [{}, 'token ids must be an array of numbers'],
    [{ length: -1 }, 'no tokens'],
    [new Set([1]), 'token ids must be an array of numbers'],
    [[], 'no tokens'],
    [new Uint32Array(0), 'no tokens'],
  ]

  it.each(BAD_IDS)('rejects %o in eval and as a prompt', async (ids, message) => {
    await expectRejected(session.eval(ids as number[]), 'INVALID_ARGUMENT', message)
    expect(() => session.generate(ids as number[])).toThrow(failure('INVALID_ARGUMENT', message))
    expect(session.position).toBe(0)
  })

  it('rejects text and undefined in eval', async () => {
    for (const ids of ['text', undefined]) {
      await expectRejected(session.eval(ids as unknown as number[]), 'INVALID_ARGUMENT', 'token ids')
    }
  })

  it.each<[unknown, string]>([
    [{ maxTokens: -1 }, 'maxTokens must be a whole number from 0'],
    [{ maxTokens: nan }, 'maxTokens'],
    [{ maxTokens: 1.5 }, 'maxTokens'],
    [{ maxTokens: infinity }, 'maxTokens'],
    [{ maxTokens: '5' }, 'maxTokens'],
    [{ maxTokens: null }, 'maxTokens'],
    [{ signal: {} }, 'signal must be an AbortSignal'],
    [{ signal: null }, 'signal must be an AbortSignal'],
    [{ signal: new AbortController() }, 'signal must be an AbortSignal'],
    [{ temp: nan }, 'temp'],
    [{ topK: 0.5 }, 'topK'],
    [{ penaltyLastN: -1 }, 'penaltyLastN'],
    [{ max_tokens: 5 }, 'there is no sampling parameter "max_tokens"'],
    [null, 'options'],
    [5, 'options'],
    ['greedy', 'options'],
  ])('refuses to generate with %o', (options, message) => {
    expect(() => session.generate(PROMPT, options as GenerateOptions)).toThrow(
      failure('INVALID_ARGUMENT', message),
    )
  })

  it('rejects invalid options of eval and sample', async () => {
    for (const options of [null, 7, { signal: 'now' }, { signal: null }]) {
      await expectRejected(session.eval([1], options as object), 'INVALID_ARGUMENT')
    }
    await session.eval([1])
    for (const params of [null, 7, { temp: '1' }, { tepm: 1 }]) {
      expect(() => session.sample(params as object)).toThrow(failure('INVALID_ARGUMENT'))
    }
    await session.reset()
  })

  it('cannot continue after its tokens were dropped since generate()', async () => {
    for (const forget of [(of: Session) => of.reset(), (of: Session) => of.rewind(of.position)]) {
      using session = model.createSession({ seed: 1 })
      await session.eval([5, 6, 7])
      const generation = session.generate(undefined, { maxTokens: 3 })
      await forget(session)
      await expectRejected(generation.result(), 'INVALID_ARGUMENT', 'nothing has been evaluated')
      await session.eval([5])
    }
  })

  it('has no logits before something is evaluated, nor after a reset', async () => {
    const nothing = failure('INVALID_ARGUMENT', 'nothing has been evaluated')
    for (let i = 0; i < 2; i++) {
      expect(() => session.sample()).toThrow(nothing)
      expect(() => session.logits()).toThrow(nothing)
      expect(() => session.generate()).toThrow(nothing)
      await session.eval([1, 2])
      expect(session.logits()).toHaveLength(VOCAB)
      await session.reset()
      expect(session.position).toBe(0)
    }
  })

  it('rejects a prompt that is too long before evaluating any of it', async () => {
    await session.eval([1, 2])
    const long = new Array(41).fill(5)
    expect(() => session.generate(long)).toThrow(
      failure('CONTEXT_FULL', '41 tokens do not fit: 0 of 40 positions are taken'),
    )
    expect(() => session.generate('long '.repeat(100))).toThrow(failure('CONTEXT_FULL'))
    await expectRejected(
      session.eval(long.slice(0, 39)),
      'CONTEXT_FULL',
      '39 tokens do not fit: 2 of 40 positions are taken',
    )
    expect(session.position).toBe(2)
    await session.eval(long.slice(0, 38))
    expect(session.position).toBe(40)
    await expectRejected(session.eval([1]), 'CONTEXT_FULL')
    expect(session.sample()).toBeTypeOf('number')
    await session.reset()
  })

  it('returns copies of its logits', async () => {
    await session.eval([1, 2, 3])
    const logits = session.logits()
    const id = session.sample()
    session.logits().fill(0)
    expect(session.logits()).toEqual(logits)
    expect(session.sample()).toBe(id)
    await session.reset()
  })

  it('rejects invalid seeds', () => {
    const { seed } = session
    for (const bad of [-1, nan, '7', null, undefined]) {
      expect(() => session.setSeed(bad as number)).toThrow(failure('INVALID_ARGUMENT', 'seed'))
    }
    expect(session.seed).toBe(seed)
  })
})

describe('a busy session', () => {
  it('rejects every other call until the first one ends', async () => {
    using session = model.createSession()
    const generation = session.generate(PROMPT, { maxTokens: 4 })
    for await (const _ of generation) {
      const busy = failure('BUSY', 'busy')
      expect(() => session.generate(PROMPT)).toThrow(busy)
      await expectRejected(session.eval([1]), 'BUSY')
      expect(() => session.sample()).toThrow(busy)
      expect(() => session.logits()).toThrow(busy)
      await expect(session.reset()).rejects.toEqual(busy)
      await expect(session.rewind(1)).rejects.toEqual(busy)
      await expectRejected(session.score([1]), 'BUSY')
      await expectRejected(session.fork(), 'BUSY')
      await expectRejected(session.save(), 'BUSY')
      await expectRejected(session.restore(new Uint8Array()), 'BUSY')
      expect(session.stats().nPrompt).toBe(generation.promptIds.length)
    }
    expect(generation.ids).toHaveLength(4)
    expect(await idsOf(session.generate(PROMPT, { maxTokens: 2 }))).toHaveLength(2)
  })

  it('rejects the second of two generations that start at once', async () => {
    using session = model.createSession()
    const both = [session.generate(PROMPT, { maxTokens: 3 }), session.generate(PROMPT, { maxTokens: 3 })]
    const [first, second] = await Promise.allSettled(both.map(collect))
    expect(first.status).toBe('fulfilled')
    expect(second).toEqual({ status: 'rejected', reason: failure('BUSY') })
  })

  it('is busy while it evaluates', async () => {
    using session = model.createSession()
    const evaluation = session.eval(new Array(130).fill(5))
    await expectRejected(session.eval([1]), 'BUSY')
    await evaluation
    expect(session.position).toBe(130)
  })
})

describe('after dispose', () => {
  it('a session rejects all calls, and can be disposed again', async () => {
    const before = model.memoryBytes
    const session = model.createSession()
    const waiting = session.generate(PROMPT, { maxTokens: 1 })
    session.dispose()
    session.dispose()
    session[Symbol.dispose]()
    expect(model.memoryBytes).toBe(before)
    const disposed = failure('DISPOSED', 'the session has been disposed')
    await expectRejected(session.eval([1]), 'DISPOSED')
    expect(() => session.generate(PROMPT)).toThrow(disposed)
    expect(() => session.sample()).toThrow(disposed)
    expect(() => session.logits()).toThrow(disposed)
    await expect(session.reset()).rejects.toEqual(disposed)
    await expect(session.rewind(0)).rejects.toEqual(disposed)
    await expectRejected(collect(waiting), 'DISPOSED')
    expect(session.stats().nGen).toBe(0)
  })

  it('of the model, running calls end and all memory is released', async () => {
    const other = await loadSmall()
    const idle = other.createSession()
    const running = other.createSession()
    const evaluation = running.eval(new Array(200).fill(5))
    const ending = expectRejected(evaluation, 'DISPOSED')
    expect(running.isBusy).toBe(true)
    await other.dispose()
    await ending
    expect(other.memoryBytes).toBe(0)
    await expectRejected(idle.reset(), 'DISPOSED')
  })

  it('of the model, its sessions are disposed too, and it creates no new ones', async () => {
    const other = await loadSmall()
    const sessions = [other.createSession(), other.createSession()]
    await idsOf(sessions[0].generate(PROMPT, { maxTokens: 2 }))
    other.dispose()
    other.dispose()
    for (const session of sessions) {
      expect(() => session.generate(PROMPT)).toThrow(failure('DISPOSED'))
      session.dispose()
    }
    expect(() => other.createSession()).toThrow(failure('DISPOSED', 'the model has been disposed'))
    expect(other.memoryBytes).toBe(0)
    expect(other.decode(other.encode('still text'))).toContain('still text')
    await other[Symbol.asyncDispose]()
  })
})

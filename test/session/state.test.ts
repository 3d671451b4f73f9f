import { beforeAll, describe, expect, it } from 'vitest'
import { str } from '../../src/gguf/typed-value.js'
import type { GenerateOptions, Model, Session, SessionOptions } from '../../src/index.js'
import { hash32 } from '../../src/math/hash.js'
import { SMALL, smallModel } from '../model/small.js'
import { idsOf, loadSmall } from './collect.js'

/** Heads of 32, for the sake of q8_0. */
const SHAPE = { ...SMALL.shape, headDim: 32 }
const PROMPT = 'a state of things'
const HOT: GenerateOptions = { temp: 1, topK: 80, penalty: 1.3, maxTokens: 8 }

let model: Model
/** The same model somewhere else: its weights and caches lie at other addresses. */
let elsewhere: Model
beforeAll(async () => {
  model = await loadSmall({ shape: SHAPE })
  elsewhere = await loadSmall({ shape: SHAPE })
  elsewhere.createSession({ contextLength: 77 })
})

function failure(code: string, message = '') {
  return expect.objectContaining({ name: 'DasllamaError', code, message: expect.stringContaining(message) })
}

/** A session in the middle of things, and what it says next. */
async function saved(options: SessionOptions = {}) {
  const session = model.createSession({ seed: 8, ...options })
  await idsOf(session.generate(PROMPT, HOT))
  const bytes = await session.save()
  const { position, seed, ids } = session
  const logits = session.logits()
  const next = await idsOf(session.generate(undefined, HOT))
  session.dispose()
  return { bytes, position, seed, ids, logits, next }
}

/** Everything about a session that a failed restore must leave alone. */
const portrait = async (session: Session) => ({
  ids: session.ids,
  seed: session.seed,
  state: await session.save(),
})

/** The same bytes with something else at `at`, and a checksum that fits. */
function forged(bytes: Uint8Array, write: (view: DataView) => void): Uint8Array {
  const copy = bytes.slice()
  const view = new DataView(copy.buffer)
  write(view)
  view.setUint32(12, hash32(copy.subarray(16)), true)
  return copy
}

/** Where the first layer's record begins. */
function recordAt(view: DataView): number {
  const [count, chosen, logits] = [44, 52, 60].map((at) => view.getUint32(at, true))
  return 96 + 4 * (count + 2 * chosen + logits)
}

describe('bytes of a state that are gone', () => {
  const transfer = (bytes: Uint8Array) =>
    structuredClone(bytes.buffer, { transfer: [bytes.buffer as ArrayBuffer] })

  it('are refused when they have been transferred before, or while they are read', async () => {
    const { bytes } = await saved()
    for (let turns = 0; turns < 6; turns++) {
      using session = model.createSession({ seed: 1 })
      await session.eval([5, 6, 7])
      const before = await portrait(session)
      const copy = bytes.slice()
      if (turns === 0) transfer(copy)
      const restoring = session.restore(copy).then(
        () => undefined,
        (error: unknown) => error,
      )
      for (let turn = 1; turn < turns; turn++) await null
      if (turns > 0) transfer(copy)
      const error = await restoring
      if (turns === 0) expect(error).toEqual(failure('TRUNCATED'))
      // Later on it depends on how far the reading has come.
      else if (error) expect(['TRUNCATED', 'BAD_FORMAT']).toContain((error as { code?: string }).code)
      if (error) expect(await portrait(session)).toEqual(before)
    }
  })

  it('are refused where only their prototype is one of bytes', async () => {
    const { bytes } = await saved()
    using session = model.createSession()
    for (const fake of [new Proxy(bytes, {}), Object.create(Uint8Array.prototype)]) {
      await expect(session.restore(fake)).rejects.toEqual(failure('INVALID_ARGUMENT', 'a Uint8Array'))
    }
  })
})

describe('a saved session', () => {
  it.each(['f16', 'f32', 'q8_0'] as const)('goes on somewhere else, with a cache of %s', async (kvType) => {
    const { bytes, position, ids, logits, next } = await saved({ kvType })
    for (const contextLength of [position, 100, 4096]) {
      using session = elsewhere.createSession({ kvType, contextLength })
      await session.restore(bytes)
      expect(session).toMatchObject({ position, seed: 8, contextLength })
      expect(session.ids).toEqual(ids)
      expect(session.logits()).toEqual(logits)
      if (contextLength > position + 8) expect(await idsOf(session.generate(undefined, HOT))).toEqual(next)
    }
  })

  it('takes the place of what a session was', async () => {
    const { bytes, next } = await saved()
    using session = elsewhere.createSession({ seed: 1 })
    await idsOf(session.generate('something quite different, and longer', { ...HOT, maxTokens: 30 }))
    await session.restore(bytes)
    expect(await idsOf(session.generate(undefined, HOT))).toEqual(next)
    await session.restore(bytes)
    expect(await idsOf(session.generate(undefined, HOT))).toEqual(next)
  })

  it('is the same bytes again after restore', async () => {
    const { bytes } = await saved()
    using session = elsewhere.createSession()
    await session.restore(bytes)
    expect(await session.save()).toEqual(bytes)
  })

  it('knows what can serve a prompt again, and what only a prompt can', async () => {
    const { bytes, ids } = await saved()
    using session = elsewhere.createSession()
    await session.restore(bytes)
    const promptLength = model.encode(PROMPT).length
    await idsOf(session.generate(ids, { maxTokens: 0 }))
    expect(session.stats().nCached).toBe(promptLength)
  })

  it('of nothing, after a rewind, and after a context shift', async () => {
    using session = model.createSession({ seed: 3, contextLength: 30, contextShift: true })
    using other = elsewhere.createSession({ contextLength: 30, contextShift: true })
    await other.restore(await session.save())
    expect(other).toMatchObject({ seed: 3, position: 0 })
    expect(() => other.logits()).toThrow(failure('INVALID_ARGUMENT'))
    await idsOf(session.generate(PROMPT, { ...HOT, maxTokens: 25 }))
    expect(session.stats().nShifts).toBeGreaterThan(0)
    await other.restore(await session.save())
    const expected = await idsOf(session.generate(undefined, HOT))
    expect(await idsOf(other.generate(undefined, HOT))).toEqual(expected)
    await session.rewind(3)
    await other.restore(await session.save())
    expect(() => other.logits()).toThrow(failure('INVALID_ARGUMENT'))
    expect(await idsOf(other.generate(undefined, HOT))).toEqual(await idsOf(session.generate(undefined, HOT)))
  })

  it('has the cache of the tokens that there are, no more', async () => {
    const { bytes, position, logits } = await saved()
    const cacheBytes = position * SHAPE.layers * 2 * SHAPE.kvHeads! * SHAPE.headDim * 2
    const rest = bytes.length - cacheBytes - 4 * logits.length
    const headers = 96 + 16 * SHAPE.layers
    expect(rest).toBeGreaterThan(headers)
    expect(rest).toBeLessThan(headers + 4 * (position + 2 * 8) + 1)
  })

  it('into a fork leaves the session that it came from alone', async () => {
    const { bytes, next } = await saved()
    using session = elsewhere.createSession({ seed: 5 })
    await session.eval([1, 2, 3, 4, 5])
    const logits = session.logits()
    using fork = await session.fork()
    await fork.restore(bytes)
    await session.eval([6])
    await session.rewind(1)
    await idsOf(session.generate([1, 2, 3, 4, 5], { maxTokens: 0 }))
    expect(session.logits()).toEqual(logits)
    expect(await idsOf(fork.generate(undefined, HOT))).toEqual(next)
  })

  it('fits the same model under another name', async () => {
    const { bytes, next } = await saved()
    const renamed = await loadSmall({ shape: SHAPE, metadata: [['general.name', str('renamed')]] })
    using session = renamed.createSession()
    await session.restore(bytes)
    expect(await idsOf(session.generate(undefined, HOT))).toEqual(next)
  })
})

describe('rejected, with the session unchanged:', () => {
  let session: Session
  let bytes: Uint8Array
  let before: Awaited<ReturnType<typeof portrait>>
  beforeAll(async () => {
    session = model.createSession({ seed: 21, contextLength: 40 })
    await idsOf(session.generate('before', { ...HOT, maxTokens: 3 }))
    before = await portrait(session)
    bytes = (await saved()).bytes
  })

  async function expectRefused(state: Uint8Array, code: string, message = ''): Promise<void> {
    await expect(session.restore(state)).rejects.toEqual(failure(code, message))
  }

  it('a state that ends early, anywhere', async () => {
    for (let length = 0; length < bytes.length; length++) {
      await expectRefused(bytes.subarray(0, length), 'TRUNCATED', `the state ends after ${length} of `)
    }
    expect(await portrait(session)).toEqual(before)
  })

  it('a state with one bit changed, anywhere', async () => {
    const refused = expect.objectContaining({
      code: expect.stringMatching(/^(BAD_FORMAT|UNSUPPORTED|TRUNCATED)$/),
    })
    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice()
      damaged[at] ^= 1 << (at % 8)
      await expect(session.restore(damaged), `byte ${at}`).rejects.toEqual(refused)
    }
    expect(await portrait(session)).toEqual(before)
  })

  it('bytes that follow', async () => {
    await expectRefused(Uint8Array.of(...bytes, 0), 'BAD_FORMAT', 'damaged')
  })

  it('bytes of another kind', async () => {
    await expectRefused(smallModel(), 'BAD_FORMAT', 'not the state of a session')
    await expectRefused(new Uint8Array(5000), 'BAD_FORMAT', 'not the state of a session')
    await expectRefused(new TextEncoder().encode('dasstaff'), 'BAD_FORMAT', 'not the state of a session')
  })

  it('a newer format', async () => {
    const newer = bytes.slice()
    newer[8] = 3
    await expectRefused(newer, 'UNSUPPORTED', 'version 3 and was written by a newer version of dasllama')
  })

  it('an earlier format, by its name', async () => {
    const earlier = bytes.slice()
    earlier[8] = 1
    await expectRefused(earlier, 'UNSUPPORTED', 'version 1 and was written by an earlier version of dasllama')
    await expectRefused(earlier.subarray(0, 20), 'UNSUPPORTED', 'an earlier version')
  })

  it('another model', async () => {
    for (const options of [
      { shape: SHAPE, seed: 2 },
      { shape: { ...SHAPE, layers: 1 } },
      { shape: SHAPE, format: 'Q8_0' },
      { shape: SHAPE, ropeBase: 500 },
    ]) {
      const other = (await loadSmall(options)).createSession()
      await expect(other.restore(bytes)).rejects.toEqual(failure('MISMATCH', 'the state belongs to model '))
      expect(other.position).toBe(0)
    }
  })

  it('a cache of another type', async () => {
    const full = (await saved({ kvType: 'f32' })).bytes
    await expectRefused(full, 'MISMATCH', 'the state has a cache of f32, and this session one of f16')
    await expect(session.restore(full)).rejects.toEqual(
      expect.objectContaining({ hint: 'create the session with kvType "f32"' }),
    )
  })

  it('more tokens than there is room for', async () => {
    using large = model.createSession()
    await large.eval(new Array(41).fill(9))
    await expectRefused(
      await large.save(),
      'CONTEXT_FULL',
      '41 tokens do not fit: 0 of 40 positions are taken',
    )
    await large.rewind(1)
    using small = model.createSession({ contextLength: 40 })
    await small.restore(await large.save())
    expect(small.position).toBe(40)
  })

  it.each<[string, (view: DataView) => void]>([
    ['a token outside the vocabulary', (view) => view.setUint32(96, 400, true)],
    ['a pending token outside the vocabulary', (view) => view.setUint32(56, 400, true)],
    ['more tokens than there are', (view) => view.setUint32(44, 2 ** 31, true)],
    ['more chosen tokens than there are', (view) => view.setUint32(52, 0xffffffff, true)],
    ['more whole tokens than tokens', (view) => view.setUint32(48, 2 ** 30, true)],
    ['logits of another vocabulary', (view) => view.setUint32(60, 399, true)],
    ['no logits after all', (view) => view.setUint32(60, 0, true)],
    ['an invalid seed', (view) => view.setFloat64(64, Number.NaN, true)],
    ['a negative seed', (view) => view.setFloat64(64, -1, true)],
    [
      'random numbers that stand still',
      (view) => [72, 76, 80, 84].forEach((at) => void view.setUint32(at, 0)),
    ],
    ['more tokens in the memory than there are', (view) => view.setUint32(88, 2 ** 20, true)],
    ['fewer tokens in the memory than its layers have', (view) => view.setUint32(88, 1, true)],
    ['more layers than there are', (view) => view.setUint32(92, 2 ** 32 - 1, true)],
    ['a layer too few', (view) => view.setUint32(92, 1, true)],
    ['a layer of a kind that is unknown', (view) => view.setUint32(recordAt(view), 7, true)],
    ['a layer of another kind', (view) => view.setUint32(recordAt(view), 1, true)],
    ['a layer that begins later', (view) => view.setUint32(recordAt(view) + 4, 1, true)],
    ['a layer longer than all', (view) => view.setBigUint64(recordAt(view) + 8, 2n ** 63n, true)],
    ['a layer of no bytes', (view) => view.setBigUint64(recordAt(view) + 8, 0n, true)],
    ['no version', (view) => view.setUint32(8, 0, true)],
    ['a length beyond all', (view) => view.setBigUint64(16, 2n ** 63n, true)],
  ])('forged with a fitting checksum: %s', async (_, write) => {
    await expect(session.restore(forged(bytes, write))).rejects.toEqual(
      expect.objectContaining({ code: expect.stringMatching(/^(BAD_FORMAT|TRUNCATED)$/) }),
    )
    expect(await portrait(session)).toEqual(before)
  })

  it.each([undefined, null, 'state', 7, [1, 2], new ArrayBuffer(100)])('%o', async (state) => {
    await expectRefused(state as unknown as Uint8Array, 'INVALID_ARGUMENT', 'a state must be a Uint8Array')
  })

  it('save and restore while busy, and after dispose', async () => {
    const other = model.createSession()
    for await (const _ of other.generate(PROMPT, { maxTokens: 2 })) {
      await expect(other.save()).rejects.toEqual(failure('BUSY'))
      await expect(other.restore(bytes)).rejects.toEqual(failure('BUSY'))
    }
    other.dispose()
    await expect(other.save()).rejects.toEqual(failure('DISPOSED'))
    await expect(other.restore(bytes)).rejects.toEqual(failure('DISPOSED'))
  })

  it('and it is still of use', async () => {
    expect(await portrait(session)).toEqual(before)
    expect(await idsOf(session.generate(undefined, { maxTokens: 2 }))).toHaveLength(2)
  })
})

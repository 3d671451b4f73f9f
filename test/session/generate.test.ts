import { beforeAll, describe, expect, it, vi } from 'vitest'
import { MAX_ROWS } from '../../src/backend/batch.js'
import { bool } from '../../src/gguf/typed-value.js'
import type { GenerateOptions, Model, Session } from '../../src/index.js'
import { pacer } from '../../src/platform/pacer.js'
import { VOCAB } from '../model/small.js'
import { collect, idsOf, loadSmall } from './collect.js'

let model: Model
beforeAll(async () => {
  model = await loadSmall()
})

const PROMPT = 'the beginning of something long'
const HOT: GenerateOptions = { temp: 1, topK: 80, penalty: 1.3, penaltyLastN: 8 }

function newSession(options: Parameters<Model['createSession']>[0] = {}): Session {
  return model.createSession({ seed: 3, ...options })
}

/** The text of generated ids, which continue another text. */
function decoded(ids: readonly number[]): string {
  const decoder = model.tokenizer.createDecoder()
  return ids.map((id) => decoder.push(id)).join('') + decoder.end()
}

function argmax(logits: Float32Array): number {
  return logits.indexOf(Math.max(...logits))
}

/** Ids of a random kind, none of which is a control token. */
function promptIds(count: number, from = 5): number[] {
  return Array.from({ length: count }, (_, i) => 3 + ((from + i * 61) % (VOCAB - 3)))
}

describe('generate', () => {
  it('yields each id with its piece, which together are the text', async () => {
    using session = newSession()
    const generation = session.generate(PROMPT, { ...HOT, maxTokens: 30 })
    expect(generation.promptIds).toEqual(model.encode(PROMPT))
    const tokens = await collect(generation)
    expect(tokens.map(({ id }) => id)).toEqual(generation.ids)
    expect(generation.ids).toHaveLength(30)
    expect(tokens.map(({ piece }) => piece).join('')).toBe(generation.text)
    expect(generation.text).toBe(decoded(generation.ids))
    expect(generation.text.length).toBeGreaterThan(10)
    expect(generation.stopReason).toBe('length')
  })

  it('is the loop of eval and sample', async () => {
    using generating = newSession()
    const generated = await idsOf(generating.generate(PROMPT, { ...HOT, maxTokens: 20 }))
    using looping = newSession()
    const ids: number[] = []
    await looping.eval(model.encode(PROMPT))
    while (ids.length < 20) {
      const id = looping.sample(HOT)
      ids.push(id)
      await looping.eval([id])
    }
    expect(ids).toEqual(generated)
    expect(looping.position).toBe(generating.position + 1)
  })

  it('uses ids unchanged', async () => {
    using session = newSession()
    const fromText = await idsOf(session.generate(PROMPT, { maxTokens: 8 }))
    const ids = model.encode(PROMPT)
    for (const list of [ids, Uint32Array.from(ids), Float64Array.from(ids)]) {
      expect(await idsOf(session.generate(list, { maxTokens: 8 }))).toEqual(fromText)
    }
    // Nothing is added to them, as BOS is to text.
    expect(session.generate(ids.slice(1)).promptIds).toEqual(ids.slice(1))
  })

  it.each([1, 4, 9])(
    'without a prompt goes on after %i tokens as one longer generation would',
    async (first) => {
      using whole = newSession()
      const expected = await idsOf(whole.generate(PROMPT, { ...HOT, maxTokens: 16 }))
      using session = newSession()
      const ids = [...(await idsOf(session.generate(PROMPT, { ...HOT, maxTokens: first })))]
      while (ids.length < 16) {
        ids.push(
          ...(await idsOf(session.generate(undefined, { ...HOT, maxTokens: Math.min(3, 16 - ids.length) }))),
        )
      }
      expect(ids).toEqual(expected)
      expect(session.position).toBe(whole.position)
    },
  )

  it('leaves its last token for the next eval', async () => {
    using session = newSession()
    const [id] = await idsOf(session.generate(PROMPT, { maxTokens: 1 }))
    const { position } = session
    await session.eval([7, 8])
    expect(session.position).toBe(position + 3)
    await session.eval([9])
    expect(session.position).toBe(position + 4)
    using other = newSession()
    await other.eval([...model.encode(PROMPT)])
    await other.eval([id, 7, 8])
    await other.eval([9])
    expect(session.logits()).toEqual(other.logits())
  })

  it('with a prompt starts over, penalties included', async () => {
    using session = newSession()
    const options = { penalty: 5, penaltyLastN: 100, maxTokens: 10 }
    const first = await idsOf(session.generate(PROMPT, options))
    expect(await idsOf(session.generate(PROMPT, options))).toEqual(first)
    expect(new Set(first).size).toBe(10)
  })

  it('evaluates nothing before the first token is requested', async () => {
    using session = newSession()
    const generation = session.generate(PROMPT, { maxTokens: 2 })
    expect(session.position).toBe(0)
    await generation[Symbol.asyncIterator]().next()
    expect(session.position).toBeGreaterThanOrEqual(generation.promptIds.length)
    await generation[Symbol.asyncIterator]().return(undefined)
  })

  it('can be looped over in parts', async () => {
    using session = newSession()
    const expected = await idsOf(session.generate(PROMPT, { maxTokens: 6 }))
    const generation = session.generate(PROMPT, { maxTokens: 6 })
    const iterator = generation[Symbol.asyncIterator]()
    const { value } = await iterator.next()
    expect(value.id).toBe(expected[0])
    expect((await collect(generation)).map(({ id }) => id)).toEqual(expected.slice(1))
    expect(generation.ids).toEqual(expected)
  })

  it('with an f32 cache generates too, and needs more memory', async () => {
    using half = newSession()
    await half.eval([1])
    const before = model.memoryBytes
    await half.reset()
    const halfBytes = before - model.memoryBytes
    using full = newSession({ kvType: 'f32' })
    await full.eval([1])
    expect(model.memoryBytes - before + halfBytes).toBeGreaterThan(1.8 * halfBytes)
    expect(await idsOf(full.generate(PROMPT, { maxTokens: 5 }))).toHaveLength(5)
    expect(full.kvType).toBe('f32')
  })

  it('penalises generated tokens only, not those of the prompt', async () => {
    let tested = 0
    for (let from = 0; from < 400 && tested < 3; from++) {
      const prompt = promptIds(90, from)
      using session = newSession()
      await session.eval(prompt)
      const logits = session.logits()
      const best = argmax(logits)
      const penalised = logits.map((logit, id) => {
        if (!prompt.includes(id)) return logit
        return logit > 0 ? logit / 10 : logit * 10
      })
      // Only a prompt that holds the best token, which a penalty on the prompt would have deposed, can tell.
      if (!prompt.includes(best) || argmax(penalised) === best) continue
      tested++
      const options = { penalty: 10, penaltyLastN: 1000, maxTokens: 3 }
      const [first, second] = await idsOf(session.generate(prompt, options))
      expect(first).toBe(best)
      expect(second).not.toBe(best)
    }
    expect(tested).toBe(3)
  })
})

describe('the end of a generation', () => {
  it('at an end token, which is not among the tokens', async () => {
    using session = newSession()
    // At this temperature all tokens are equally likely: an end comes within some hundreds.
    const generateWith = async (seed: number) => {
      session.setSeed(seed)
      const generation = session.generate(PROMPT, { temp: 1e9, maxTokens: 220 })
      await collect(generation)
      return generation
    }
    let ended = await generateWith(1)
    for (let seed = 2; seed < 20 && ended.stopReason !== 'stop'; seed++) ended = await generateWith(seed)
    expect(ended.stopReason).toBe('stop')
    for (const id of model.tokenizer.endOfGeneration) expect(ended.ids).not.toContain(id)
    expect(model.tokenizer.endOfGeneration).toContain(ended.stoppedBy)
    expect(session.stats().nGen).toBe(ended.ids.length)
    expect(session.position).toBe(ended.promptIds.length + ended.ids.length)
  })

  it.each([0, 1, 2])('after maxTokens %i', async (maxTokens) => {
    using session = newSession()
    const generation = session.generate(PROMPT, { maxTokens })
    expect(await collect(generation)).toHaveLength(maxTokens)
    expect(generation.stopReason).toBe('length')
    expect(session.position).toBe(generation.promptIds.length + Math.max(0, maxTokens - 1))
  })

  it('at the end of the context, whose last position is used', async () => {
    using session = newSession({ contextLength: 20 })
    const generation = session.generate(promptIds(13), { ...HOT })
    const tokens = await collect(generation)
    expect(generation.stopReason).toBe('context')
    expect(session.position).toBe(20)
    // The token after the last position is still chosen.
    expect(tokens).toHaveLength(20 - 13 + 1)
    await expect(collect(session.generate())).rejects.toMatchObject({ code: 'CONTEXT_FULL' })
    expect(await idsOf(session.generate(promptIds(5), { maxTokens: 3 }))).toHaveLength(3)
  })

  it('with a prompt that fills the context', async () => {
    using session = newSession({ contextLength: 12 })
    const generation = session.generate(promptIds(12))
    expect(await collect(generation)).toHaveLength(1)
    expect(generation.stopReason).toBe('context')
  })

  it('is not reached while it is running', async () => {
    using session = newSession()
    const generation = session.generate(PROMPT, { maxTokens: 3 })
    for await (const _ of generation) expect(generation.stopReason).toBeUndefined()
    expect(generation.stopReason).toBe('length')
  })
})

describe('a generation that is interrupted:', () => {
  /** What a session that has been through nothing generates. */
  async function fresh(options: GenerateOptions): Promise<readonly number[]> {
    using session = newSession()
    return await idsOf(session.generate(PROMPT, options))
  }

  it('a signal between tokens', async () => {
    using session = newSession()
    const controller = new AbortController()
    const generation = session.generate(PROMPT, { signal: controller.signal, maxTokens: 50 })
    for await (const _ of generation) if (generation.ids.length === 4) controller.abort()
    expect(generation.stopReason).toBe('abort')
    expect(generation.ids).toEqual(await fresh({ maxTokens: 4 }))
    const more = await idsOf(session.generate(undefined, { maxTokens: 4 }))
    expect([...generation.ids, ...more]).toEqual(await fresh({ maxTokens: 8 }))
  })

  it('a signal within the prompt', async () => {
    using session = newSession()
    const controller = new AbortController()
    const generation = session.generate(promptIds(200), { signal: controller.signal })
    using _ = vi.spyOn(pacer, 'isDue').mockImplementation(() => session.position === MAX_ROWS)
    setImmediate(() => controller.abort('enough'))
    expect(await collect(generation)).toEqual([])
    expect(generation.stopReason).toBe('abort')
    expect(session.position).toBe(MAX_ROWS)
    expect(() => session.sample()).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
    expect(await idsOf(session.generate(PROMPT, { maxTokens: 5 }))).toEqual(await fresh({ maxTokens: 5 }))
  })

  it.each([
    ['with', PROMPT],
    ['without', undefined],
  ])('a signal that is aborted already, %s a prompt, leaves the session as it was', async (_, prompt) => {
    using session = newSession()
    const first = await idsOf(session.generate(PROMPT, { maxTokens: 3 }))
    const { position } = session
    const generation = session.generate(prompt, { signal: AbortSignal.abort() })
    expect(await collect(generation)).toEqual([])
    expect(generation.stopReason).toBe('abort')
    expect(session.position).toBe(position)
    const more = await idsOf(session.generate(undefined, { maxTokens: 3 }))
    expect([...first, ...more]).toEqual(await fresh({ maxTokens: 6 }))
  })

  it('a signal during eval, which rejects with its reason and keeps the batches done so far', async () => {
    using session = newSession()
    const controller = new AbortController()
    using _ = vi.spyOn(pacer, 'isDue').mockImplementation(() => session.position === MAX_ROWS)
    setImmediate(() => controller.abort('enough'))
    const evaluation = session.eval(promptIds(150), { signal: controller.signal })
    await expect(evaluation).rejects.toBe('enough')
    expect(session.position).toBe(MAX_ROWS)
    await session.eval(promptIds(150).slice(MAX_ROWS))
    using whole = newSession()
    await whole.eval(promptIds(150))
    expect(session.logits()).toEqual(whole.logits())
  })

  it('the loop left early', async () => {
    using session = newSession()
    const generation = session.generate(PROMPT, { maxTokens: 50 })
    for await (const _ of generation) if (generation.ids.length === 3) break
    expect(generation.ids).toHaveLength(3)
    expect(generation.stopReason).toBe('callback')
    expect(await idsOf(session.generate(PROMPT, { maxTokens: 5 }))).toEqual(await fresh({ maxTokens: 5 }))
  })

  it('an error thrown in the loop', async () => {
    using session = newSession()
    const mine = new Error('of the caller')
    const looping = async () => {
      for await (const _ of session.generate(PROMPT)) throw mine
    }
    await expect(looping()).rejects.toBe(mine)
    const more = await idsOf(session.generate(undefined, { maxTokens: 4 }))
    expect([...(await fresh({ maxTokens: 1 })), ...more]).toEqual(await fresh({ maxTokens: 5 }))
  })
})

describe('a model without BOS', () => {
  it('rejects an empty prompt only', async () => {
    using session = (
      await loadSmall({ metadata: [['tokenizer.ggml.add_bos_token', bool(false)]] })
    ).createSession()
    expect(() => session.generate('')).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: 'the prompt has no tokens',
        hint: expect.stringContaining('BOS'),
      }),
    )
    expect(await idsOf(session.generate('a', { maxTokens: 2 }))).toHaveLength(2)
  })

  it('while one with BOS accepts it', async () => {
    using session = newSession()
    const generation = session.generate('', { maxTokens: 2 })
    expect(generation.promptIds).toEqual([model.tokenizer.bosId])
    expect(await collect(generation)).toHaveLength(2)
  })
})

describe('sessions of one model', () => {
  it('that run at the same time generate what each generates alone', async () => {
    const prompts = [PROMPT, 'something else entirely', promptIds(150)]
    const alone = []
    for (const prompt of prompts) {
      using session = newSession()
      alone.push(await idsOf(session.generate(prompt, { ...HOT, maxTokens: 12 })))
    }
    const sessions = prompts.map(() => newSession())
    const generations = sessions.map((session, i) => session.generate(prompts[i], { ...HOT, maxTokens: 12 }))
    await Promise.all(generations.map(collect))
    expect(generations.map(({ ids }) => ids)).toEqual(alone)
    for (const session of sessions) session.dispose()
  })

  it('release all their memory, however many there were', async () => {
    using first = newSession()
    await idsOf(first.generate(PROMPT, { maxTokens: 2 }))
    const before = model.memoryBytes
    let most = 0
    for (let i = 0; i < 100; i++) {
      const sessions = [newSession({ contextLength: 1 + i }), newSession({ kvType: 'f32' })]
      for (const session of sessions) await session.eval([1])
      most = Math.max(most, model.memoryBytes)
      for (const session of sessions) session.dispose()
    }
    expect(model.memoryBytes).toBe(before)
    expect(most).toBeGreaterThan(before)
  })
})

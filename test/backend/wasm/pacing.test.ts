import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Phase } from '../../../src/backend/batch.js'
import { Slicer } from '../../../src/backend/wasm/slicer.js'
import { loadModel, type Model } from '../../../src/index.js'
import { pacer } from '../../../src/platform/pacer.js'
import { SMALL, smallModel, VOCAB } from '../../model/small.js'
import { contentOf, engineOf, load, outputsOf, prefill, someIds } from './load.js'

const PROMPT = Array.from({ length: 150 }, (_, i) => (i * 37 + 5) % VOCAB)

afterEach(() => vi.restoreAllMocks())

/** The bits of all logits of a prompt, a short prompt and single tokens, with a context shift in between. */
async function trace(model: Model): Promise<Uint32Array[]> {
  using session = model.createSession({ contextLength: 170, contextShift: { keep: 10 } })
  const bits: Uint32Array[] = []
  for (const ids of [PROMPT, [1, 2, 3, 4, 5], [7], [8], [9, 10, 11], PROMPT.slice(0, 40), [12]]) {
    await session.eval(ids)
    bits.push(new Uint32Array(session.logits().buffer))
  }
  return bits
}

const MIXED = (name: string) => (/attn_|ffn_up/.test(name) ? 'Q4_0' : /ffn_down/.test(name) ? 'Q8_0' : 'F16')

describe.each([
  ['F32', 1, {}],
  ['Q4_0', 1, { format: 'Q4_0' }],
  ['several formats with biases', 1, { format: MIXED, biases: true }],
  ['F32 on 3 threads', 3, {}],
  ['several formats on 3 threads', 3, { format: MIXED }],
  ['odd numbers of rows', 1, { shape: { ...SMALL.shape, vocab: 403, feedForward: 150 } }],
] as const)('slices of operations: %s', (_, threads, options) => {
  it('change no bit, for any number of slices', async () => {
    await using model = await loadModel(smallModel(options as object), { threads, kernels: 'baseline' })
    const slices = vi.spyOn(Slicer.prototype, 'slices')
    slices.mockReturnValue(1)
    const whole = await trace(model)
    for (const count of [2, 3, 7, 1000]) {
      slices.mockReturnValue(count)
      expect(await trace(model)).toEqual(whole)
    }
  })
})

describe('slices of a batch', () => {
  it.each([1, 2])('of several sequences change no bit, on %d threads', async (threads) => {
    const executable = await load(smallModel({ format: MIXED, biases: true }), {
      engine: await engineOf({ threads }),
    })
    const lengths = [0, 120, 7, 255, 128]
    const phases: Phase[] = ['prefill', 'decode', 'decode', 'prefill', 'prefill']
    const begun = lengths.map(() => executable.createMemory('f16'))
    for (const [i, memory] of begun.entries())
      await prefill(executable, memory, someIds(lengths[i], VOCAB, i))
    const run = async () => {
      const memories = await Promise.all(begun.map((memory) => memory.fork()))
      const outputs = await outputsOf(executable, {
        ids: someIds(100, VOCAB, 9),
        positions: lengths.flatMap((length) => Array.from({ length: 20 }, (_, row) => length + row)),
        runs: memories.map((memory, i) => ({ memory, firstRow: 20 * i, rows: 20, phase: phases[i] })),
        outputs: [0, 5, 6, 7, 19, 39, 40, 41, 60, 79, 80, 99],
      })
      return [[...outputs.values()], await Promise.all(memories.map(contentOf))]
    }
    const slices = vi.spyOn(Slicer.prototype, 'slices').mockReturnValue(1)
    const whole = await run()
    for (const count of [2, 3, 7, 1000]) {
      slices.mockReturnValue(count)
      expect(await run()).toEqual(whole)
    }
    await executable.dispose()
  })
})

describe('a pass that yields to the event loop after every slice', () => {
  it('pauses within a batch: between the slices of attention and of each product', async () => {
    await using model = await loadModel(smallModel(), { kernels: 'baseline', threads: 1 })
    const { layers, heads, headDim, feedForward, embed } = SMALL.shape
    vi.spyOn(Slicer.prototype, 'slices').mockReturnValue(1000)
    vi.spyOn(pacer, 'isDue').mockReturnValue(true)
    const pause = vi.spyOn(pacer, 'pause')
    using session = model.createSession()
    await session.eval(PROMPT.slice(0, 128))
    // At least 8 rows of a product, or 4 tokens of attention, per slice.
    const perLayer = [heads * headDim!, embed, feedForward, embed].map((rows) => rows / 8)
    const least = layers * (128 / 4 + perLayer.reduce((sum, slices) => sum + slices) / 2)
    expect(pause.mock.calls.length).toBeGreaterThan(least)
  })

  it('keeps sessions, context shifts and embeddings of a model apart', async () => {
    await using model = await loadModel(smallModel(), { kernels: 'baseline' })
    const expected = await trace(model)
    const { embed } = await import('../../../src/index.js')
    const vectors = await embed(model, [PROMPT, [1, 2, 3]])
    vi.spyOn(pacer, 'isDue').mockReturnValue(true)
    const [first, second, third, embedded] = await Promise.all([
      trace(model),
      trace(model),
      trace(model),
      embed(model, [PROMPT, [1, 2, 3]]),
    ])
    expect(first).toEqual(expected)
    expect(second).toEqual(expected)
    expect(third).toEqual(expected)
    expect(embedded).toEqual(vectors)
  })

  it('runs a short prompt beside a long one instead of after it', async () => {
    await using model = await loadModel(smallModel(), { kernels: 'baseline' })
    using long = model.createSession()
    using short = model.createSession()
    vi.spyOn(pacer, 'isDue').mockReturnValue(true)
    const prompt = long.eval(Array.from({ length: 256 }, (_, i) => i))
    await short.eval([1, 2, 3])
    // The short one was queued during the first batch, and has run in the second.
    const { position } = long
    await prompt
    expect([128, 253]).toContain(position)
    expect(long.position).toBe(256)
  })
})

describe('an abort within a batch', () => {
  it.each([
    ['of a prompt', PROMPT.slice(0, 100)],
    ['of a single token', [7]],
  ])('%s restores the session’s state from before the batch', async (_, ids) => {
    await using model = await loadModel(smallModel(), { kernels: 'baseline' })
    using session = model.createSession()
    await session.eval([1, 2, 3, 4])
    const logits = session.logits()
    const controller = new AbortController()
    let checks = 0
    const due = vi.spyOn(pacer, 'isDue').mockImplementation(() => {
      if (++checks === 5) controller.abort('enough')
      return true
    })
    await expect(session.eval(ids, { signal: controller.signal })).rejects.toBe('enough')
    expect(checks).toBe(5)
    due.mockRestore()
    expect(session.position).toBe(4)
    expect(session.logits()).toEqual(logits)
    await session.eval(ids)
    using fresh = model.createSession()
    await fresh.eval([1, 2, 3, 4])
    await fresh.eval(ids)
    expect(session.logits()).toEqual(fresh.logits())
  })

  it('ends a generation during a token, which is not lost', async () => {
    await using model = await loadModel(smallModel(), { kernels: 'baseline' })
    using session = model.createSession()
    const controller = new AbortController()
    const generation = session.generate([1, 2, 3, 4, 5], { signal: controller.signal, maxTokens: 20 })
    vi.spyOn(pacer, 'isDue').mockImplementation(() => {
      if (session.position === 8) controller.abort()
      return true
    })
    for await (const _ of generation);
    vi.restoreAllMocks()
    expect(generation.stopReason).toBe('abort')
    // Four tokens were sampled, and the last one was being evaluated.
    expect([generation.ids.length, session.position]).toEqual([4, 8])
    const rest = session.generate(undefined, { maxTokens: 6 })
    for await (const _ of rest);
    const whole = model.createSession().generate([1, 2, 3, 4, 5], { maxTokens: 10 })
    for await (const _ of whole);
    expect([...generation.ids, ...rest.ids]).toEqual(whole.ids)
  })

  it('is noticed by a session that is queued behind another one', async () => {
    await using model = await loadModel(smallModel(), { kernels: 'baseline' })
    using running = model.createSession()
    using waiting = model.createSession()
    let release: () => void = () => {}
    vi.spyOn(pacer, 'isDue').mockReturnValueOnce(true)
    vi.spyOn(pacer, 'pause').mockImplementationOnce(() => new Promise((resolve) => (release = resolve)))
    const prompt = running.eval(PROMPT)
    const controller = new AbortController()
    const refused = waiting.eval([1, 2, 3], { signal: controller.signal })
    controller.abort('enough')
    await expect(refused).rejects.toBe('enough')
    expect([running.position, running.isBusy, waiting.isBusy]).toEqual([0, true, false])
    release()
    await prompt
    await waiting.eval([1, 2, 3])
    expect([running.position, waiting.position]).toEqual([150, 3])
  })

  it('does not interrupt a context shift, which is completed', async () => {
    await using model = await loadModel(smallModel(), { kernels: 'baseline' })
    const options = { contextLength: 32, contextShift: { keep: 2 } }
    using session = model.createSession(options)
    using other = model.createSession(options)
    await session.eval(PROMPT.slice(0, 32))
    await other.eval(PROMPT.slice(0, 32))
    const controller = new AbortController()
    vi.spyOn(pacer, 'isDue').mockImplementation(() => {
      controller.abort('enough')
      return true
    })
    await expect(session.eval([7], { signal: controller.signal })).rejects.toBe('enough')
    vi.restoreAllMocks()
    expect(session.position).toBe(17)
    await session.eval([7])
    await other.eval([7])
    expect(session.logits()).toEqual(other.logits())
  })

  it('frees the session, and the model can be disposed', async () => {
    const model = await loadModel(smallModel(), { kernels: 'baseline' })
    const session = model.createSession()
    vi.spyOn(pacer, 'isDue').mockReturnValue(true)
    const controller = new AbortController()
    const evaluation = session.eval(PROMPT, { signal: controller.signal })
    await new Promise((resolve) => setImmediate(resolve))
    const busy = expect.objectContaining({ code: 'BUSY' })
    await expect(session.fork()).rejects.toEqual(busy)
    await expect(session.save()).rejects.toEqual(busy)
    await expect(session.eval([1])).rejects.toEqual(busy)
    expect(() => session.logits()).toThrow(busy)
    controller.abort('enough')
    await expect(evaluation).rejects.toBe('enough')
    await session.fork()
    await model.dispose()
    expect(model.memoryBytes).toBe(0)
  })
})

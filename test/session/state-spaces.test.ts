/** What sessions do, on models with state spaces: all layers of one kind, and hybrids. */
import { describe, expect, it } from 'vitest'
import { writeGguf } from '../../src/gguf/writer.js'
import { loadModel, type Model, type Session } from '../../src/index.js'
import { HYBRID_MAMBA_CASES } from '../support/family-models/hybrid-mamba.js'
import { randomIds } from '../support/random-models.js'

const NAMES = [
  'mamba, in its usual form',
  'mamba2, in its usual form',
  'falcon-h1, in its usual form',
  'nemotron_h_moe, latent experts',
]

function load(name: string, options: Parameters<typeof loadModel>[1] = {}): Promise<Model> {
  const { parts } = HYBRID_MAMBA_CASES.find((each) => each.name === name)!
  return loadModel(writeGguf(parts), { kernels: 'baseline', ...options })
}

/** The logits after `ids`, evaluated in pieces of these lengths and then the rest. */
async function logitsAfter(session: Session, ids: readonly number[], ...lengths: number[]) {
  let first = 0
  for (const length of [...lengths, ids.length]) {
    const piece = ids.slice(first, first + length)
    if (piece.length > 0) await session.eval(piece)
    first += length
  }
  return Array.from(session.logits())
}

describe.each(NAMES)('%s', (name) => {
  const ids = randomIds(150, 300, name)

  it('has the same bits however a prompt is cut', async () => {
    await using model = await load(name)
    const whole = await logitsAfter(model.createSession(), ids)
    // In pieces that are not so short that they are evaluated as generated tokens are.
    for (const lengths of [[70], [30], [64, 64], [40, 30, 50]]) {
      expect(await logitsAfter(model.createSession(), ids, ...lengths), `${lengths}`).toEqual(whole)
    }
  })

  it('rewinds to any length, and forks, saves and restores', async () => {
    await using model = await load(name)
    const session = model.createSession()
    const whole = await logitsAfter(session, ids)
    for (const length of [120, 64, 30]) {
      await session.rewind(ids.length - length)
      expect(await logitsAfter(session, ids.slice(length)), `rewound to ${length}`).toEqual(whole)
    }
    await session.rewind(50)
    const forked = await session.fork()
    expect(await logitsAfter(forked, ids.slice(100))).toEqual(whole)
    const restored = model.createSession()
    await restored.restore(await session.save())
    expect(await logitsAfter(restored, ids.slice(100))).toEqual(whole)
  })

  it('generates the same in company as alone', async () => {
    await using model = await load(name)
    const generate = async (prompt: readonly number[]) =>
      (await model.createSession().generate(prompt, { maxTokens: 12, temp: 0, stopIds: [] }).result()).ids
    const prompts = [ids, ids.slice(0, 5), ids.slice(40, 110)]
    const alone = []
    for (const prompt of prompts) alone.push(await generate(prompt))
    expect(await Promise.all(prompts.map(generate))).toEqual(alone)
  })

  it('uses a prompt that another session has evaluated', async () => {
    await using plain = await load(name)
    await using model = await load(name, { prefixCache: true })
    const generate = (session: Session, prompt: readonly number[]) =>
      session.generate(prompt, { maxTokens: 12, temp: 0, stopIds: [] }).result()
    const first = model.createSession()
    await generate(first, ids.slice(0, 140))
    first.dispose()
    const second = model.createSession()
    const { ids: generated } = await generate(second, ids)
    expect(second.stats().nCached).toBeGreaterThanOrEqual(128)
    expect(generated).toEqual((await generate(plain.createSession(), ids)).ids)
  })

  it('refuses to shift its context', async () => {
    await using model = await load(name)
    expect(() => model.createSession({ contextShift: true })).toThrow(
      expect.objectContaining({ name: 'DasllamaError', code: 'UNSUPPORTED' }),
    )
  })
})

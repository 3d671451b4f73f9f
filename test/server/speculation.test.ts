import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { loadModel, type Model, Session } from '../../src/index.js'
import type { ServedSpeculation } from '../../src/server/index.js'
import { smallModel } from '../model/small.js'
import { fixCosts, loadWithHead } from '../session/speculation/drafting.js'
import { serve, tinyStories } from './support.js'

let model: Model
beforeAll(async () => {
  fixCosts()
  model = await tinyStories()
})
afterAll(async () => {
  vi.restoreAllMocks()
  await model.dispose()
})

const CHAT = {
  messages: [{ role: 'user', content: 'Once upon a time' }],
  max_tokens: 20,
  temperature: 0,
  ignore_eos: true,
}

/** The tokens that the sessions of these requests have accepted, by what has been generated with them. */
async function answers(speculation: ServedSpeculation | undefined) {
  const generated: Session[] = []
  const generate = Session.prototype.generate
  const spy = vi.spyOn(Session.prototype, 'generate').mockImplementation(function (this: Session, ...args) {
    generated.push(this)
    return generate.apply(this, args)
  })
  await using served = await serve({ models: { tiny: { model, template: 'chatml', speculation } } })
  const texts: unknown[] = []
  const accepted: number[] = []
  for (const [path, body] of [
    ['/v1/chat/completions', CHAT],
    ['/v1/completions', { prompt: 'Tom has a red ball. Lily has a', max_tokens: 20, temperature: 0 }],
  ] as const) {
    const response = await served.post(path, { model: 'tiny', ...body })
    expect(response.status).toBe(200)
    const [{ message, text }] = (await response.json()).choices
    texts.push(message?.content ?? text)
    accepted.push(generated.at(-1)!.stats().nAccepted)
  }
  spy.mockRestore()
  return { texts, accepted }
}

describe('a served model that speculates', () => {
  it('gives the same texts in fewer passes', async () => {
    const plain = await answers(undefined)
    expect(plain.accepted).toEqual([0, 0])
    expect(await answers('none')).toEqual(plain)
    expect((await answers('lookup')).texts).toEqual(plain.texts)
    const drafted = await answers({ draft: model })
    expect(drafted.texts).toEqual(plain.texts)
    for (const accepted of drafted.accepted) expect(accepted).toBeGreaterThan(5)
  })

  it('loads a draft model when it loads the model, and disposes it with the handler', async () => {
    let loads = 0
    let draft: Model | undefined
    const load = async () => {
      loads++
      draft = await tinyStories()
      return draft
    }
    await using served = await serve({
      models: { tiny: { model, template: 'chatml', speculation: { draft: load } } },
    })
    expect(loads).toBe(0)
    for (let i = 0; i < 2; i++) {
      expect((await served.post('/v1/chat/completions', { model: 'tiny', ...CHAT })).status).toBe(200)
    }
    expect(loads).toBe(1)
    await served.handler.close()
    expect(draft!.memoryBytes).toBe(0)
    expect(model.memoryBytes).toBeGreaterThan(0)
  })

  it('cannot be loaded with a draft model that has another vocabulary, or none at all', async () => {
    await using other = await loadModel(smallModel(), { threads: 1 })
    for (const [draft, code] of [
      [other, 'MISMATCH'],
      [() => Promise.reject(new Error('no such file')), undefined],
      [() => 7 as never, undefined],
    ] as const) {
      await using served = await serve({
        models: { tiny: { model, template: 'chatml', speculation: { draft } } },
      })
      const response = await served.post('/v1/chat/completions', { model: 'tiny', ...CHAT })
      expect(response.status).toBe(503)
      expect((await response.json()).error).toMatchObject({ code: 'model_unavailable' })
      const { error } = (await served.record(0)) as { error: { code?: string } }
      expect(error.code).toBe(code)
    }
  })

  it('drafts with the head of the model, and cannot be loaded without it', async () => {
    const texts: unknown[] = []
    for (const speculation of ['none', 'mtp'] as const) {
      await using own = await loadWithHead()
      await using served = await serve({ models: { tiny: { model: own, template: 'chatml', speculation } } })
      const response = await served.post('/v1/chat/completions', { model: 'tiny', ...CHAT })
      texts.push((await response.json()).choices[0].message.content)
      expect(own.counters.draftedTokens > 0).toBe(speculation === 'mtp')
    }
    expect(texts[1]).toBe(texts[0])
    await using served = await serve({
      models: { tiny: { model, template: 'chatml', speculation: 'mtp' } },
    })
    expect((await served.post('/v1/chat/completions', { model: 'tiny', ...CHAT })).status).toBe(503)
    expect(((await served.record(0)) as { error: { code?: string } }).error.code).toBe('UNSUPPORTED')
  })

  it('is refused with other options', async () => {
    for (const speculation of ['draft', 7, {}, { draft: 7 }, { draft: model, length: 4 }]) {
      await expect(
        serve({ models: { tiny: { model, speculation: speculation as never } } }),
      ).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining(
          'models["tiny"].speculation must be "none", "lookup", "mtp" or { draft }',
        ),
      })
    }
  })
})

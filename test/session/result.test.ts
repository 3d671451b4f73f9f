import { beforeAll, describe, expect, it } from 'vitest'
import type { GeneratedToken, GenerateOptions, Model, Session } from '../../src/index.js'
import { recurrentModel } from '../support/recurrent-model.js'
import { collect } from './collect.js'

const PROMPT = 'what will come of it'
const HOT: GenerateOptions = { temp: 1, topK: 80, ignoreEos: true, maxTokens: 12 }

let model: Model
let expected: readonly GeneratedToken[]
beforeAll(async () => {
  model = (await recurrentModel({ reach: 'recurrent' })).model
  using session = newSession()
  expected = await collect(session.generate(PROMPT, HOT))
})

function newSession(): Session {
  return model.createSession({ seed: 2 })
}

const textOf = (tokens: readonly GeneratedToken[]) => tokens.map(({ piece }) => piece).join('')

describe('the result of a generation', () => {
  it('is all of it, without a loop', async () => {
    using session = newSession()
    const generation = session.generate(PROMPT, HOT)
    expect(session.isBusy).toBe(false)
    const result = await generation.result()
    expect(result).toEqual({
      text: textOf(expected),
      ids: expected.map(({ id }) => id),
      stopReason: 'length',
      usage: { promptTokens: generation.promptIds.length, cachedTokens: 0, completionTokens: 12 },
    })
    expect(await generation.result()).toEqual(result)
    expect(session.isBusy).toBe(false)
  })

  it('takes no token from a loop before, beside or after it', async () => {
    for (const order of ['before', 'beside', 'within', 'after']) {
      using session = newSession()
      const generation = session.generate(PROMPT, HOT)
      const asked = order === 'beside' || order === 'before' ? generation.result() : undefined
      if (order === 'before') await asked
      const tokens: GeneratedToken[] = []
      let within: ReturnType<typeof generation.result> | undefined
      for await (const token of generation) {
        tokens.push(token)
        if (order === 'within' && tokens.length === 3) within = generation.result()
      }
      expect(tokens, order).toEqual(expected)
      for (const result of [asked, within, generation.result()]) {
        expect((await result)?.text ?? generation.text, order).toBe(textOf(expected))
      }
    }
  })

  it('of a loop that was left is what it had until then', async () => {
    using session = newSession()
    const generation = session.generate(PROMPT, HOT)
    for await (const _ of generation) if (generation.ids.length === 4) break
    expect(await generation.result()).toMatchObject({
      ids: expected.slice(0, 4).map(({ id }) => id),
      stopReason: 'callback',
    })
    // While it is being made, too: the loop ends it.
    const other = session.generate(PROMPT, HOT)
    const result = other.result()
    for await (const _ of other) break
    expect((await result).stopReason).toBe('callback')
    expect(session.isBusy).toBe(false)
  })

  it('of an aborted generation says so; that of a failed one rejects', async () => {
    using session = newSession()
    const aborted = session.generate(PROMPT, { ...HOT, signal: AbortSignal.abort() })
    expect(await aborted.result()).toMatchObject({ text: '', ids: [], stopReason: 'abort' })
    const mine = new Error('of a custom step')
    const failing = session.generate(PROMPT, {
      ...HOT,
      samplers: [
        () => {
          throw mine
        },
      ],
    })
    await expect(failing.result()).rejects.toBe(mine)
    await expect(failing.result()).rejects.toBe(mine)
    expect(await collect(failing)).toEqual([])
    const [running, refused] = [session.generate(PROMPT, HOT), session.generate(PROMPT, HOT)]
    const first = running.result()
    await expect(refused.result()).rejects.toMatchObject({ code: 'BUSY' })
    expect((await first).text).toBe(textOf(expected))
  })

  it('counts what was cached, and what a session goes on from', async () => {
    using session = newSession()
    const { usage: first } = await session.generate(PROMPT, HOT).result()
    const { promptTokens } = first
    const again = await session.generate(`${PROMPT}, they asked`, { ...HOT, maxTokens: 3 }).result()
    expect(again.usage).toMatchObject({ cachedTokens: promptTokens, completionTokens: 3 })
    const { position } = session
    const on = await session.generate(undefined, { ...HOT, maxTokens: 2 }).result()
    expect(on.usage).toEqual({ promptTokens: position + 1, cachedTokens: position, completionTokens: 2 })
    const nothing = session.generate(PROMPT, HOT)
    expect(nothing.usage).toEqual({ promptTokens: 0, cachedTokens: 0, completionTokens: 0 })
  })
})

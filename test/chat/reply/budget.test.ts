import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BudgetedGeneration, type ThinkingBudget } from '../../../src/chat/reply/budget.js'
import { createReplyParser } from '../../../src/chat/reply/parser.js'
import { type GenerateOptions, loadModel, type Model } from '../../../src/index.js'
import { TINY_STORIES } from '../../support/model-files.js'
import { QWEN } from './replies.js'
import { forceText } from './script.js'

const CLOSE = '\n</think>\n\n'
const PROMPT = 'Once upon a time'
let model: Model
let closeIds: number[]

beforeAll(async () => {
  model = await loadModel(TINY_STORIES)
  closeIds = model.encode(`.${CLOSE}`, { addSpecial: false }).slice(1)
})
afterAll(() => model.dispose())

/** A generation whose tokens are parsed, as a chat does. `leaveAt`: the caller leaves the loop after so many tokens. */
async function run(options: GenerateOptions, budget: ThinkingBudget, leaveAt = Number.POSITIVE_INFINITY) {
  const session = model.createSession({ contextLength: 256, seed: 3 })
  const parser = createReplyParser(QWEN, { thinkingOpened: true })
  const generation = new BudgetedGeneration({
    session,
    tokenizer: model.tokenizer,
    promptIds: model.encode(PROMPT),
    options,
    constraint: undefined,
    budget,
    isReasoning: () => parser.isReasoning,
  })
  const ids: number[] = []
  let text = ''
  for await (const { id, piece } of generation) {
    ids.push(id)
    text += piece
    parser.push({ id, piece, isControl: model.tokenizer.isControl(id) })
    if (ids.length === leaveAt) break
  }
  expect(generation.ids).toEqual(ids)
  expect(generation.text).toBe(text)
  const { stopReason, stoppedBy } = generation
  // All tokens have been evaluated, except possibly the last one.
  const evaluated = session.ids.slice(model.encode(PROMPT).length)
  expect(ids.slice(0, evaluated.length)).toEqual(evaluated)
  expect(evaluated.length).toBeGreaterThanOrEqual(ids.length - 1)
  session.dispose()
  return { ids, text, stopReason, stoppedBy }
}

const script = (text: string) => forceText(model.tokenizer, text)

describe('reasoning with a budget', () => {
  it('ends after so many tokens, and the answer follows', async () => {
    const budget = { tokens: 5, closeIds }
    const { ids, text, stopReason, stoppedBy } = await run(
      script('one two three four five six seven'),
      budget,
    )
    const thoughts = model.encode('.one two three four five six seven', { addSpecial: false }).slice(1)
    expect(ids.slice(0, 5)).toEqual(thoughts.slice(0, 5))
    expect(ids.slice(5, 5 + closeIds.length)).toEqual(closeIds)
    // The script continues where it stopped: the closing ids are not generated.
    expect(ids.slice(5 + closeIds.length)).toEqual(thoughts.slice(5))
    expect(text).toContain(CLOSE)
    expect([stopReason, stoppedBy]).toEqual(['stop', model.tokenizer.eosId])
  })

  it('is unchanged if it ends before the budget is spent', async () => {
    const said = 'one </think> two three four five six seven eight nine ten'
    const { text, stopReason } = await run(script(said), { tokens: 12, closeIds })
    expect(text).toBe(said)
    expect(stopReason).toBe('stop')
  })

  it('is the same for the same seed', async () => {
    const options = { temp: 1, topK: 20, maxTokens: 40 }
    const first = await run(options, { tokens: 6, closeIds })
    expect(first.text).toContain(CLOSE)
    expect(await run(options, { tokens: 6, closeIds })).toEqual(first)
  })

  it.each([3, 6, 5 + 4])('counts towards maxTokens: %i', async (maxTokens) => {
    const { ids, stopReason } = await run({ maxTokens }, { tokens: 5, closeIds: closeIds.slice(0, 4) })
    expect(stopReason).toBe('length')
    expect(ids).toHaveLength(maxTokens === 6 ? 5 : maxTokens)
  })

  it('ends if the context is full', async () => {
    const { ids, stopReason } = await run({}, { tokens: 5, closeIds: Array(400).fill(closeIds[0]) })
    expect([ids.length, stopReason]).toEqual([5, 'context'])
  })

  it('can be left anywhere, and the session is positioned after the last token seen', async () => {
    for (let at = 1; at < 5 + closeIds.length + 3; at++) {
      const { ids, stopReason } = await run({ temp: 1, topK: 20 }, { tokens: 5, closeIds }, at)
      expect([ids.length, stopReason]).toEqual([at, 'callback'])
    }
  })

  it('can be aborted between the reasoning and the answer', async () => {
    const abort = new AbortController()
    const session = model.createSession({ contextLength: 64 })
    let seen = 0
    const generation = new BudgetedGeneration({
      session,
      tokenizer: model.tokenizer,
      promptIds: model.encode(PROMPT),
      options: { signal: abort.signal },
      constraint: undefined,
      budget: { tokens: 5, closeIds },
      isReasoning: () => {
        seen++
        if (seen === 5) abort.abort()
        return true
      },
    })
    for await (const _ of generation) {
    }
    expect([generation.ids.length, generation.stopReason]).toEqual([5, 'abort'])
    expect(session.isBusy).toBe(false)
    session.dispose()
  })

  it('stops with callback if a sampling step throws, and releases the session', async () => {
    const session = model.createSession({ contextLength: 64 })
    const generation = new BudgetedGeneration({
      session,
      tokenizer: model.tokenizer,
      promptIds: model.encode(PROMPT),
      options: {
        samplers: [
          ({ previousTokens }) => {
            if (previousTokens.length === 7) throw new Error('mine')
          },
        ],
      },
      constraint: undefined,
      budget: { tokens: 5, closeIds },
      isReasoning: () => true,
    })
    await expect(async () => {
      for await (const _ of generation) {
      }
    }).rejects.toThrow('mine')
    expect(generation.stopReason).toBe('callback')
    expect(session.isBusy).toBe(false)
    session.dispose()
  })

  it('rejects bad options before anything runs', () => {
    const session = model.createSession({ contextLength: 64 })
    const make = () =>
      new BudgetedGeneration({
        session,
        tokenizer: model.tokenizer,
        promptIds: [1],
        options: { maxTokens: -1 },
        constraint: undefined,
        budget: { tokens: 1, closeIds },
        isReasoning: () => true,
      })
    expect(make).toThrowError(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
    session.dispose()
  })
})

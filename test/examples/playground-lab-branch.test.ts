/** The branches of the sampling lab, in Node: what they keep, drop and compute again. */
import { fileURLToPath } from 'node:url'
import { loadModel, type Model } from 'dasllama'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Branch } from '../../playground/lab/branch.js'
import { LogitsBudget } from '../../playground/lab/kept-logits.js'
import { spokenText, tokenText, visibleParts } from '../../playground/lab/token-text.js'

const PARAMS = { temp: 1, topK: 40 }
const { signal } = new AbortController()

describe('a branch', () => {
  let model: Model
  beforeAll(async () => {
    model = await loadModel(fileURLToPath(new URL('../../models/tiny-stories.Q8_0.gguf', import.meta.url)))
  })
  afterAll(() => model.dispose())

  /** `kept`: for how many tokens logits are kept. */
  async function open(kept: number): Promise<Branch> {
    const host = { tokenizer: model.tokenizer, budget: new LogitsBudget(kept * 4 * model.config.vocabSize) }
    const promptIds = model.encode('One day')
    return Branch.open(host, model.createSession(), { promptIds, seed: 5, signal })
  }

  async function grow(branch: Branch, count: number): Promise<void> {
    for (let i = 0; i < count; i++) expect(await branch.step(PARAMS, signal)).toBe(true)
  }

  it('computes logits that it has dropped again, to the same bits', async () => {
    const [forgetful, other] = [await open(2), await open(100)]
    await grow(forgetful, 8)
    await grow(other, 8)
    expect(forgetful.ids).toEqual(other.ids)
    expect(forgetful.logitsAt(0)).toEqual(other.logitsAt(0))
    for (const index of [1, 5]) {
      expect(forgetful.logitsAt(index)).toBeUndefined()
      expect(await forgetful.recall(index, signal)).toEqual(other.logitsAt(index))
      expect(forgetful.logitsAt(index)).toEqual(other.logitsAt(index))
    }
    await grow(forgetful, 3)
    await grow(other, 3)
    expect(forgetful.ids).toEqual(other.ids)
    forgetful.dispose()
    other.dispose()
  })

  it('continues the same way as its fork, which has the random numbers of its place', async () => {
    const branch = await open(100)
    await grow(branch, 10)
    const fork = await branch.fork(4)
    expect(fork.ids).toEqual(branch.ids.slice(0, 4))
    await grow(fork, 6)
    expect(fork.ids).toEqual(branch.ids)
    const reseeded = await branch.fork(0, 6)
    await grow(reseeded, 10)
    expect(reseeded.ids).not.toEqual(branch.ids)
    for (const each of [branch, fork, reseeded]) each.dispose()
  })

  it('stays unchanged by an abort, and draws the same token afterwards', async () => {
    const [branch, other] = [await open(100), await open(100)]
    await grow(branch, 2)
    await grow(other, 3)
    await expect(branch.step(PARAMS, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
    expect(branch.tokens).toHaveLength(2)
    await grow(branch, 1)
    expect(branch.ids).toEqual(other.ids)
    branch.dispose()
    other.dispose()
  })

  it('ends with the context', async () => {
    const host = { tokenizer: model.tokenizer, budget: new LogitsBudget(1e6) }
    const session = model.createSession({ contextLength: 6 })
    const promptIds = model.encode('One day')
    const branch = await Branch.open(host, session, { promptIds, seed: 5, signal })
    await grow(branch, 6 - promptIds.length)
    expect(branch.isFull).toBe(true)
    expect(await branch.step(PARAMS, signal)).toBe(false)
    branch.dispose()
  })
})

describe('a token is shown', () => {
  const shown = (bytes: readonly number[]) => {
    const tokenizer = { isControl: () => false, pieceBytes: () => Uint8Array.from(bytes), piece: () => '' }
    const token = tokenText(tokenizer as never, 0)
    const visible = visibleParts(token)
      .map(({ text, isSign }) => (isSign ? `[${text}]` : text))
      .join('')
    return [visible, spokenText(token)]
  }
  const utf8 = (text: string) => [...new TextEncoder().encode(text)]

  it.each<[string, readonly number[], string, string]>([
    ['with its spaces', utf8(' girl'), '[␣]girl', 'space girl'],
    ['with line breaks and tabs', utf8('\n\t.'), '[↵⇥].', 'line break tab .'],
    ['with characters that have no shape', utf8('a\u200bb\u00a0'), 'a[U+200B]b[U+00A0]', 'a U+200B b U+00A0'],
    ['in any script', utf8('日本🙂'), '日本🙂', '日本🙂'],
    ['as bytes, if they are part of a character', [0xe2, 0x96], '‹E2 96›', 'bytes ‹E2 96›'],
    ['even if it is empty', [], '[∅]', 'nothing'],
  ])('%s', (_, bytes, visible, spoken) => {
    expect(shown(bytes)).toEqual([visible, spoken])
  })
})

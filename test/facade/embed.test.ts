import { beforeAll, describe, expect, it, vi } from 'vitest'
import { bool, i32, type TypedValue, u32 } from '../../src/gguf/typed-value.js'
import {
  cosineSimilarity,
  type EmbedInput,
  embed,
  loadModel,
  type Model,
  type Session,
} from '../../src/index.js'
import { pacer } from '../../src/platform/pacer.js'
import { smallModel, VOCAB } from '../model/small.js'
import { collect, loadSmall } from '../session/collect.js'
import { TINY_STORIES } from '../support/model-files.js'
import { randomIds } from '../support/random-models.js'

let model: Model
beforeAll(async () => {
  model = await loadModel(smallModel(), { kernels: 'baseline' })
})

/** Short, around a batch of 64, and more than two. */
const IDS = [1, 2, 3, 5, 63, 64, 65, 150].map((length) => randomIds(length, VOCAB, `${length} ids`))

/** An error of this package with the code, and with a part of the message. */
function failure(code: string, message = '') {
  return expect.objectContaining({ name: 'DasllamaError', code, message: expect.stringContaining(message) })
}

function loadWith(...metadata: [key: string, value: TypedValue][]): Promise<Model> {
  return loadModel(smallModel({ metadata }), { kernels: 'baseline' })
}

describe('embed', () => {
  it('gives one vector of length 1 for a text', async () => {
    const vector = await embed(model, 'a text')
    expect(vector).toBeInstanceOf(Float32Array)
    expect(vector).toHaveLength(model.config.embeddingLength)
    expect(Math.hypot(...vector)).toBeCloseTo(1, 6)
  })

  it('takes a text or its ids, with special tokens or without', async () => {
    const vector = await embed(model, 'a text')
    const ids = model.encode('a text')
    expect(await embed(model, ids)).toEqual(vector)
    expect(await embed(model, Uint32Array.from(ids))).toEqual(vector)
    const bare = await embed(model, 'a text', { addSpecial: false })
    expect(bare).not.toEqual(vector)
    expect(await embed(model, model.encode('a text', { addSpecial: false }))).toEqual(bare)
    const special = await embed(model, 'a text</s>', { parseSpecial: true })
    expect(special).toEqual(await embed(model, model.encode('a text</s>', { parseSpecial: true })))
    expect(special).not.toEqual(await embed(model, 'a text</s>'))
  })

  it('gives an array for an array, of any mixture, and none for none', async () => {
    const inputs: EmbedInput[] = ['one', [5, 6, 7], 'two', Uint16Array.of(9, 9)]
    const vectors = await embed(model, inputs)
    expect(vectors).toHaveLength(4)
    for (const [i, input] of inputs.entries()) expect(vectors[i]).toEqual(await embed(model, input))
    expect(await embed(model, [])).toEqual([])
    expect(await embed(model, ['one'])).toEqual([await embed(model, 'one')])
    expect(await embed(model, ['one'], { pooling: 'none' })).toEqual([
      await embed(model, 'one', { pooling: 'none' }),
    ])
  })

  it.each([
    ['F32', 'baseline'],
    ['Q8_0', 'baseline'],
    ['Q8_0', 'relaxed'],
    ['Q4_0', 'relaxed'],
  ] as const)('gives each text the same bits in any company: %s, %s kernels', async (format, kernels) => {
    await using own = await loadModel(smallModel({ format }), { kernels })
    const alone: Float32Array[] = []
    for (const ids of IDS) alone.push(await embed(own, ids))
    expect(await embed(own, IDS)).toEqual(alone)
    expect(await embed(own, [...IDS].reverse())).toEqual([...alone].reverse())
    expect(await Promise.all(IDS.map((ids) => embed(own, ids)))).toEqual(alone)
    expect(await embed(own, [IDS[7], IDS[3], IDS[7]])).toEqual([alone[7], alone[3], alone[7]])
  })

  it('gives the bits of one thread with three', async () => {
    await using many = await loadModel(smallModel(), { kernels: 'baseline', threads: 3 })
    expect(await embed(many, IDS)).toEqual(await embed(model, IDS))
  })

  it("a token's vector depends on nothing that comes after it", async () => {
    const [whole] = (await embed(model, [IDS[7]], { pooling: 'none' })) as [Float32Array[]]
    expect(whole).toHaveLength(150)
    for (const length of [1, 2, 3, 4, 63, 64, 65, 67, 149]) {
      const part = await embed(model, IDS[7].slice(0, length), { pooling: 'none' })
      expect(part).toEqual(whole.slice(0, length))
    }
  })

  it('pools the vectors of the tokens', async () => {
    for (const ids of IDS) {
      const plain = { normalize: false } as const
      const each = await embed(model, ids, { pooling: 'none', ...plain })
      expect(await embed(model, ids, { pooling: 'cls', ...plain })).toEqual(each[0])
      expect(await embed(model, ids, { pooling: 'last', ...plain })).toEqual(each[ids.length - 1])
      const mean = each[0].map((_, i) => each.reduce((sum, vector) => sum + vector[i], 0) / ids.length)
      expect(await embed(model, ids, { pooling: 'mean', ...plain })).toEqual(mean)
    }
  })

  it('scales every vector to the length 1, unless told not to', async () => {
    for (const pooling of ['mean', 'cls', 'last'] as const) {
      const unit = await embed(model, 'a text', { pooling })
      const plain = await embed(model, 'a text', { pooling, normalize: false })
      const length = Math.hypot(...plain)
      expect(Math.abs(length - 1)).toBeGreaterThan(0.1)
      for (const [i, value] of plain.entries()) expect(unit[i]).toBeCloseTo(value / length, 6)
    }
    const each = await embed(model, 'a text', { pooling: 'none' })
    for (const vector of each) expect(Math.hypot(...vector)).toBeCloseTo(1, 6)
  })

  it('keeps the first dimensions, then scales', async () => {
    const plain = await embed(model, 'a text', { normalize: false })
    const cut = await embed(model, 'a text', { normalize: false, dimensions: 7 })
    expect(cut).toEqual(plain.slice(0, 7))
    const unit = await embed(model, ['a text', 'b'], { dimensions: 7 })
    for (const vector of unit) {
      expect(vector).toHaveLength(7)
      expect(Math.hypot(...vector)).toBeCloseTo(1, 6)
    }
    expect(cosineSimilarity(unit[0], cut)).toBeCloseTo(1, 6)
    const each = await embed(model, [5, 6], { dimensions: 1, pooling: 'none' })
    expect(each.map(({ length }) => length)).toEqual([1, 1])
    expect(await embed(model, 'a', { dimensions: 96 })).toEqual(await embed(model, 'a'))
  })

  it('finds that stories about alike things are alike', async () => {
    await using stories = await loadModel(TINY_STORIES)
    const [cat, kitten, truck] = await embed(stories, [
      'The little cat played with a ball.',
      'The small cat played with a toy.',
      'Tom drove a big red truck to the store.',
    ])
    expect(cosineSimilarity(cat, kitten)).toBeGreaterThan(cosineSimilarity(cat, truck) + 0.1)
  })
})

describe('the pooling that is not asked for', () => {
  it.each([
    [-1, 'mean'],
    [0, 'mean'],
    [1, 'mean'],
    [2, 'cls'],
    [3, 'last'],
  ] as const)("of a file's type %i is %s", async (type, pooling) => {
    await using named = await loadWith(['llama.pooling_type', i32(type)])
    expect(await embed(named, 'a text')).toEqual(await embed(model, 'a text', { pooling }))
    expect(await embed(named, 'a text', { pooling: 'mean' })).toEqual(await embed(model, 'a text'))
  })

  it("of a reranker's file is refused; one that is asked for is not", async () => {
    await using reranker = await loadWith(['llama.pooling_type', u32(4)])
    await expect(embed(reranker, 'a text')).rejects.toEqual(failure('UNSUPPORTED', 'reranker'))
    expect(await embed(reranker, 'a text', { pooling: 'mean' })).toEqual(await embed(model, 'a text'))
  })
})

describe('a text that is longer than the context', () => {
  const long = randomIds(41, VOCAB, 'too long')

  it('is refused by how much it is too long, before anything is evaluated', async () => {
    await using short = await loadModel(smallModel(), { contextLength: 40 })
    const before = short.memoryBytes
    await expect(embed(short, long)).rejects.toEqual(
      failure('CONTEXT_FULL', 'the text has 41 tokens, 1 more than the context of 40 holds'),
    )
    await expect(embed(short, ['fits', long, long])).rejects.toEqual(
      failure('CONTEXT_FULL', 'text 2 of 3 has 41'),
    )
    expect(await embed(short, long.slice(0, 40))).toHaveLength(96)
    expect(short.memoryBytes).toBe(before)
  })

  it("loses its end with truncate: 'end', but not a closing EOS", async () => {
    await using short = await loadModel(smallModel(), { contextLength: 40, kernels: 'baseline' })
    const open = { truncate: 'end', normalize: false } as const
    expect(await embed(short, long, open)).toEqual(await embed(model, long.slice(0, 40), open))
    const closed = [...long, short.tokenizer.eosId as number]
    const cut = [...long.slice(0, 39), short.tokenizer.eosId as number]
    expect(await embed(short, closed, open)).toEqual(await embed(model, cut, open))
    expect(await embed(short, 'fits', open)).toEqual(await embed(model, 'fits', open))
  })

  it('is cut in the same way where the tokenizer adds the EOS', async () => {
    const metadata = [['tokenizer.ggml.add_eos_token', bool(true)]] as const
    await using closing = await loadModel(smallModel({ metadata }), { contextLength: 10 })
    const { eosId } = closing.tokenizer
    const text = 'a text of many more tokens than ten'
    const ids = closing.encode(text)
    expect(ids.at(-1)).toBe(eosId)
    expect(ids.length).toBeGreaterThan(11)
    expect(await embed(closing, text, { truncate: 'end', pooling: 'last' })).toEqual(
      await embed(closing, [...ids.slice(0, 9), eosId as number], { pooling: 'last' }),
    )
  })
})

describe('embed refuses', () => {
  it.each<[string, unknown, unknown, string]>([
    ['an empty text', '', {}, 'the text is empty'],
    ['an empty text among others', ['a', ''], {}, 'text 2 of 2 is empty'],
    ['empty ids', new Uint32Array(0), {}, 'the text is empty'],
    ['empty ids among others', [[1], []], {}, 'text 2 of 2 is empty'],
    ['no text', undefined, {}, 'the text must be a string or token ids, not undefined'],
    ['null', null, {}, 'the text must be a string or token ids, not null'],
    ['a number', 7, {}, 'not 7'],
    ['an object', {}, {}, 'must be an array of numbers'],
    ['a number among texts', ['a', 7], {}, 'text 2 of 2 must be a string or token ids, not 7'],
    ['null among texts', ['a', null], {}, 'text 2 of 2 must be a string or token ids, not null'],
    ['a text among ids', [1, 'a'], {}, 'token "a" at index 1'],
    ['an id outside the vocabulary', [1, 2, VOCAB], {}, `token ${VOCAB} at index 2 is not in the vocabulary`],
    ['an id that is not a whole number', [1.5], {}, 'token 1.5'],
    ['a negative id', [[1], [-1]], {}, 'text 2 of 2: token -1'],
    [
      'an unknown pooling',
      'a',
      { pooling: 'max' },
      'pooling must be one of mean, cls, last, none, not "max"',
    ],
    ['a pooling that is not a string', 'a', { pooling: null }, 'pooling must be'],
    ['a normalize that is not a boolean', 'a', { normalize: 2 }, 'normalize must be true or false, not 2'],
    ['an addSpecial that is not a boolean', 'a', { addSpecial: 'no' }, 'addSpecial'],
    ['a parseSpecial that is not a boolean', 'a', { parseSpecial: 1 }, 'parseSpecial'],
    ['an unknown truncate', 'a', { truncate: true }, 'truncate must be one of error, end, not true'],
    ['zero dimensions', 'a', { dimensions: 0 }, 'dimensions must be a whole number from 1 to 96'],
    ['too many dimensions', 'a', { dimensions: 97 }, 'not 97'],
    ['a signal that is not an AbortSignal', 'a', { signal: {} }, 'signal'],
    ['null as options', 'a', null, 'options'],
    ['a string as options', 'a', 'mean', 'options'],
  ])('%s', async (_, input, options, message) => {
    const before = model.memoryBytes
    await expect(embed(model, input as string, options as object)).rejects.toEqual(
      failure('INVALID_ARGUMENT', message),
    )
    expect(model.memoryBytes).toBe(before)
  })

  it('what is not a model, and a model that has been disposed', async () => {
    for (const none of [undefined, null, {}, 'model.gguf']) {
      await expect(embed(none as unknown as Model, 'a')).rejects.toEqual(failure('INVALID_ARGUMENT', 'model'))
    }
    const gone = await loadSmall()
    gone.dispose()
    await expect(embed(gone, 'a')).rejects.toEqual(failure('DISPOSED'))
  })

  it('a text for which there is no memory, and the model goes on', async () => {
    await using tight = await loadModel(smallModel(), { contextLength: 8, memoryLimit: 2 ** 22 })
    await expect(embed(tight, randomIds(8, VOCAB, 'a few'))).resolves.toHaveLength(96)
    const sessions: Session[] = []
    const fill = async () => {
      for (;;) {
        sessions.push(tight.createSession())
        await sessions.at(-1)?.eval([1])
      }
    }
    await expect(fill()).rejects.toEqual(failure('OUT_OF_MEMORY'))
    await expect(embed(tight, randomIds(8, VOCAB, 'a few'))).rejects.toEqual(failure('OUT_OF_MEMORY'))
    for (const session of sessions) session.dispose()
    await expect(embed(tight, 'a')).resolves.toHaveLength(96)
  })
})

describe('while it embeds', () => {
  it('checks the signal whenever the event loop runs, and gives the memory back', async () => {
    using _ = vi.spyOn(pacer, 'isDue').mockReturnValue(true)
    const before = model.memoryBytes
    for (const input of [IDS[7], Array.from({ length: 50 }, () => [1, 2, 3])]) {
      const controller = new AbortController()
      const reason = new Error('enough')
      const embedding = embed(model, input as EmbedInput, { signal: controller.signal })
      setImmediate(() => controller.abort(reason))
      await expect(embedding).rejects.toBe(reason)
      expect(model.memoryBytes).toBe(before)
    }
    await expect(embed(model, 'a', { signal: AbortSignal.abort('before') })).rejects.toBe('before')
    expect(model.memoryBytes).toBe(before)
  })

  it('the model may be disposed, which ends it', async () => {
    const busy = await loadSmall()
    const failing = expect(embed(busy, IDS)).rejects.toEqual(failure('DISPOSED', 'the model'))
    await busy.dispose()
    await failing
    expect(busy.memoryBytes).toBe(0)
  })

  it('sessions go on as if nothing were', async () => {
    using alone = model.createSession({ seed: 4 })
    const options = { temp: 1, topK: 30, maxTokens: 40 }
    const expected = (await collect(alone.generate('a story', options))).map(({ id }) => id)

    using session = model.createSession({ seed: 4 })
    const generation = session.generate('a story', options)
    const ids: number[] = []
    let memoryBytes = 0
    for await (const { id } of generation) {
      ids.push(id)
      memoryBytes ||= model.memoryBytes
      await embed(model, IDS[ids.length % IDS.length])
    }
    const [together] = await Promise.all([
      collect(alone.generate('a story', { ...options, temp: 0 })),
      embed(model, IDS),
      embed(model, IDS[7], { pooling: 'none' }),
    ])
    expect(ids).toEqual(expected)
    expect(model.memoryBytes).toBe(memoryBytes)
    expect(session.stats()).toMatchObject({ nGen: 40, nPrompt: model.encode('a story').length })
    using fresh = model.createSession()
    expect(await collect(fresh.generate('a story', { ...options, temp: 0 }))).toEqual(together)
  })

  it('keeps logits of sessions as they are', async () => {
    using session = model.createSession()
    await session.eval([1, 2, 3])
    const logits = session.logits()
    await embed(model, IDS)
    expect(session.logits()).toEqual(logits)
  })
})

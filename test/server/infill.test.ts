/** Texts with gaps: `/infill`, and what a suffix may be combined with. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel, type Model } from '../../src/index.js'
import { scriptedModel } from '../support/scripted-model.js'
import { type Served, serve } from './support.js'

let model: Model
let served: Served
beforeAll(async () => {
  const bytes = scriptedModel({
    name: 'filler',
    template: '{{ messages[0].content }}',
    script: {
      '<|fim_prefix|>': [],
      '<|fim_suffix|>': [],
      '<|fim_middle|>': ['return', ' a', ' + b'],
      '<|repo_name|>': [],
      '<|file_sep|>': [],
    },
  })
  model = await loadModel(bytes, { threads: 1, contextLength: 128 })
  served = await serve({ models: { filler: model } })
})
afterAll(async () => {
  await served[Symbol.asyncDispose]()
  await model.dispose()
})

const REQUEST = { input_prefix: 'add(a, b) { ', input_suffix: ' }' }
const FILL = 'return a + b'
const NAMES = { repository: 'myproject', fileName: 'filename' }

/** The body of a whole response. */
async function asked(path: string, body: object) {
  const response = await served.post(path, body)
  expect(response.status).toBe(200)
  return response.json()
}

describe('/infill', () => {
  it('fills a gap', async () => {
    const { timings, ...reply } = await asked('/infill', REQUEST)
    const parts = { prefix: REQUEST.input_prefix, suffix: REQUEST.input_suffix, ...NAMES }
    const tokens_evaluated = model.encodeInfill(parts).length
    expect(reply).toMatchObject({
      ...{ content: FILL, stop: true, stop_type: 'eos', model: 'filler', index: 0 },
      ...{ tokens_predicted: 3, tokens_evaluated },
    })
    expect(timings).toMatchObject({ predicted_n: 3, prompt_n: tokens_evaluated - reply.tokens_cached })
  })

  it('streams without a mark of the end', async () => {
    const response = await served.post('/infill', { ...REQUEST, stream: true, n_predict: 2 })
    const events = (await response.text()).trim().split('\n\n')
    const parts = events.map((event) => JSON.parse(event.replace(/^data: /, '')))
    expect(parts.map(({ content }) => content)).toEqual(['return', ' a', ''])
    expect(parts.map(({ stop }) => stop)).toEqual([false, false, true])
    expect(parts.at(-1)).toMatchObject({ stop_type: 'limit', tokens_predicted: 2 })
  })

  it('says which text has ended it', async () => {
    expect(await asked('/infill', { ...REQUEST, stop: [' +'] })).toMatchObject({
      content: 'return a',
      stop_type: 'word',
      stopping_word: ' +',
    })
  })

  it('takes other files, the beginning of what is written, and what editors send', async () => {
    const extra = [{ filename: 'x.js', text: 'let x', time: 1 }, { text: 'let y' }]
    const reply = await asked('/infill', {
      ...{ ...REQUEST, prompt: 'ret', input_extra: extra, n_predict: 4, cache_prompt: true },
      ...{ samplers: ['top_k', 'infill'], t_max_predict_ms: 500, n_indent: 2, response_fields: ['content'] },
    })
    const files = [
      { name: 'x.js', text: 'let x' },
      { name: 'tmp', text: 'let y' },
    ]
    const parts = { prefix: `${REQUEST.input_prefix}ret`, suffix: REQUEST.input_suffix, files, ...NAMES }
    expect(reply.tokens_evaluated).toBe(model.encodeInfill(parts).length)
  })

  it('leaves out what does not fit the context', async () => {
    const text = 'let x = 1; '.repeat(100)
    const request = { input_prefix: text, input_suffix: text, input_extra: [{ text }], n_predict: 28 }
    expect(await asked('/infill', request)).toMatchObject({ content: FILL, tokens_evaluated: 100 })
    const whole = await served.post('/v1/completions', { prompt: text, suffix: text })
    expect(whole.status).toBe(400)
    expect((await whole.json()).error).toMatchObject({ code: 'context_length_exceeded', param: 'prompt' })
  })
})

describe('a suffix', () => {
  it('goes with echo, choices and several prompts', async () => {
    const request = { prompt: ['a ', 'b '], suffix: ' c', n: 2, echo: true }
    const { choices } = await asked('/v1/completions', request)
    const texts = choices.map(({ text }: { text: string }) => text)
    expect(texts).toEqual([`a ${FILL}`, `a ${FILL}`, `b ${FILL}`, `b ${FILL}`])
  })

  it('counts as none if it is empty', async () => {
    const { choices } = await asked('/v1/completions', { prompt: 'a<|fim_middle|>', suffix: '' })
    expect(choices[0].text).toBe(FILL)
  })
})

describe('max_tokens of -1', () => {
  it('stands for as many tokens as the context holds', async () => {
    for (const field of ['max_tokens', 'n_predict']) {
      const request = { prompt: 'a', ignore_eos: true, [field]: -1 }
      const { choices, usage } = await asked('/v1/completions', request)
      expect(choices[0].finish_reason).toBe('length')
      expect(usage.completion_tokens).toBeGreaterThan(100)
    }
  })
})

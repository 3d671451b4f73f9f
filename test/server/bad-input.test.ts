/** Requests that are wrong, each with its status, code and field, and a message that says what is wrong. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeGguf } from '../../src/gguf/writer.js'
import { loadModel, type Model, rerank } from '../../src/index.js'
import { RERANKER_CASES } from '../support/family-models/encoders.js'
import { type Served, serve, tinyStories } from './support.js'

let model: Model
let served: Served
beforeAll(async () => {
  model = await tinyStories()
  served = await serve({
    models: {
      tiny: { model, template: 'chatml' },
      plain: model,
      broken: async () => {
        throw new Error('/secret/model.gguf is missing')
      },
    },
    maxChoices: 4,
    maxBodyBytes: 200_000,
  })
})
afterAll(async () => {
  await served[Symbol.asyncDispose]()
  await model.dispose()
})

/** A wrong request: what it adds to a right one, or its whole body. */
interface Wrong {
  readonly name: string
  readonly body: unknown
  readonly status?: number
  readonly code: string
  readonly param?: string | null
  readonly message: RegExp
}

const USER = [{ role: 'user', content: 'Hello' }]
const TOOL = { type: 'function', function: { name: 'look' } }

function withMessages(...messages: unknown[]) {
  return { messages }
}

async function expectError(path: string, body: unknown, wrong: Wrong): Promise<void> {
  const response = await served.post(path, body)
  const { error } = (await response.json()) as { error: Record<string, unknown> }
  const { status = 400, code, param = null, message } = wrong
  expect({ status: response.status, ...error }).toEqual({
    status,
    code,
    param,
    type: status >= 500 ? 'server_error' : 'invalid_request_error',
    message: expect.stringMatching(message),
  })
  expect(response.headers.get('x-request-id')).toMatch(/^req_/)
}

/** An object within an object and so on. */
function nested(levels: number): string {
  return `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
}

const CHATS: readonly Wrong[] = [
  {
    name: 'a tool with thirty thousand levels',
    body: `{"messages":[{"role":"user","content":"Hi"}],"model":"tiny","tools":[{"type":"function","function":{"name":"a","parameters":${nested(30_000)}}}]}`,
    code: 'invalid_json',
    message: /more than 500 levels/,
  },
  {
    name: 'a field named __proto__',
    body: '{"messages":[{"role":"user","content":"Hi"}],"model":"tiny","__proto__":{"stream":true}}',
    code: 'unknown_parameter',
    param: '__proto__',
    message: /no field "__proto__"/,
  },
  { name: 'text that is not JSON', body: '{"model":', code: 'invalid_json', message: /not valid JSON/ },
  { name: 'an array', body: [], code: 'invalid_type', param: '', message: /the body must be an object/ },
  {
    name: 'an unknown model',
    body: { model: 'gpt-9' },
    status: 404,
    code: 'model_not_found',
    param: 'model',
    message: /"gpt-9"/,
  },
  {
    name: 'no model',
    body: { model: undefined },
    code: 'missing_required_parameter',
    param: 'model',
    message: /several models/,
  },
  {
    name: 'a model that cannot be loaded',
    body: { model: 'broken' },
    status: 503,
    code: 'model_unavailable',
    message: /^the model could not be loaded$/,
  },
  { name: 'a model without a template', body: { model: 'plain' }, code: 'no_template', message: /template/ },
  {
    name: 'no messages',
    body: { messages: undefined },
    code: 'missing_required_parameter',
    param: 'messages',
    message: /required/,
  },
  {
    name: 'messages of the wrong type',
    body: { messages: 'Hi' },
    code: 'invalid_type',
    param: 'messages',
    message: /array/,
  },
  {
    name: 'empty messages',
    body: { messages: [] },
    code: 'invalid_value',
    param: 'messages',
    message: /empty/,
  },
  {
    name: 'a message that is a string',
    body: withMessages('Hi'),
    code: 'invalid_type',
    param: 'messages[0]',
    message: /object/,
  },
  {
    name: 'an unknown role',
    body: withMessages({ role: 'boss', content: 'Hi' }),
    code: 'invalid_value',
    param: 'messages[0].role',
    message: /"boss"/,
  },
  {
    name: 'the role function',
    body: withMessages({ role: 'function', content: 'Hi' }),
    code: 'unsupported_value',
    param: 'messages[0].role',
    message: /tool/,
  },
  {
    name: 'no role',
    body: withMessages({ content: 'Hi' }),
    code: 'missing_required_parameter',
    param: 'messages[0].role',
    message: /required/,
  },
  {
    name: 'an empty message',
    body: withMessages({ role: 'user', content: ' ' }),
    code: 'invalid_value',
    param: 'messages[0].content',
    message: /empty/,
  },
  {
    name: 'an image',
    body: withMessages({ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }),
    code: 'unsupported_value',
    param: 'messages[0].content[0].type',
    message: /images/,
  },
  {
    name: 'audio',
    body: withMessages({ role: 'user', content: [{ type: 'input_audio', input_audio: {} }] }),
    code: 'unsupported_value',
    param: 'messages[0].content[0].type',
    message: /audio/,
  },
  {
    name: 'a misspelt key of a message',
    body: withMessages({ role: 'user', contnet: 'Hi', content: 'Hi' }),
    code: 'unknown_parameter',
    param: 'messages[0].contnet',
    message: /did you mean content/,
  },
  {
    name: 'a result without its call',
    body: withMessages({ role: 'tool', content: 'Hi' }),
    code: 'missing_required_parameter',
    param: 'messages[0].tool_call_id',
    message: /required/,
  },
  {
    name: 'arguments that are not JSON',
    body: withMessages({
      role: 'assistant',
      tool_calls: [{ id: 'a', type: 'function', function: { name: 'look', arguments: '{' } }],
    }),
    code: 'invalid_value',
    param: 'messages[0].tool_calls[0].function.arguments',
    message: /JSON text of an object/,
  },
  {
    name: 'only a system message',
    body: withMessages({ role: 'system', content: 'Hi' }),
    code: 'invalid_value',
    param: 'messages',
    message: /role system/,
  },
  {
    name: 'an unknown field',
    body: { temperatur: 1 },
    code: 'unknown_parameter',
    param: 'temperatur',
    message: /did you mean temperature/,
  },
  {
    name: 'a temperature that is a string',
    body: { temperature: '1' },
    code: 'invalid_type',
    param: 'temperature',
    message: /a number, not "1"/,
  },
  {
    name: 'a negative temperature',
    body: { temperature: -1 },
    code: 'invalid_value',
    param: 'temperature',
    message: /0 or more/,
  },
  { name: 'a top_p above 1', body: { top_p: 2 }, code: 'invalid_value', param: 'top_p', message: /0 to 1/ },
  {
    name: 'a fractional top_k',
    body: { top_k: 1.5 },
    code: 'invalid_type',
    param: 'top_k',
    message: /whole/,
  },
  {
    name: 'a presence penalty of 3',
    body: { presence_penalty: 3 },
    code: 'invalid_value',
    param: 'presence_penalty',
    message: /-2 to 2/,
  },
  {
    name: 'no tokens',
    body: { max_tokens: 0 },
    code: 'invalid_value',
    param: 'max_tokens',
    message: /1 or more/,
  },
  {
    name: 'fewer tokens than none',
    body: { max_completion_tokens: -2 },
    code: 'invalid_value',
    param: 'max_completion_tokens',
    message: /1 or more/,
  },
  {
    name: 'moderation',
    body: { moderation: { model: 'omni-moderation-latest' } },
    code: 'unsupported_parameter',
    param: 'moderation',
    message: /does not moderate/,
  },
  {
    name: 'two limits',
    body: { max_tokens: 5, max_completion_tokens: 6 },
    code: 'contradictory_parameters',
    param: 'max_tokens',
    message: /contradicts/,
  },
  {
    name: 'two repetition penalties',
    body: { repeat_penalty: 1.1, repetition_penalty: 1.2 },
    code: 'contradictory_parameters',
    param: 'repetition_penalty',
    message: /contradicts repeat_penalty/,
  },
  {
    name: 'mirostat 1',
    body: { mirostat: 1 },
    code: 'unsupported_value',
    param: 'mirostat',
    message: /version 1/,
  },
  {
    name: 'a stop that is a number',
    body: { stop: 5 },
    code: 'invalid_type',
    param: 'stop',
    message: /array/,
  },
  {
    name: 'an empty stop',
    body: { stop: [''] },
    code: 'invalid_value',
    param: 'stop',
    message: /0 characters/,
  },
  {
    name: 'a seed that is a fraction',
    body: { seed: 0.5 },
    code: 'invalid_type',
    param: 'seed',
    message: /whole/,
  },
  { name: 'no choices', body: { n: 0 }, code: 'invalid_value', param: 'n', message: /1 to 4/ },
  { name: 'too many choices', body: { n: 5 }, code: 'invalid_value', param: 'n', message: /1 to 4/ },
  {
    name: 'a stream that is a string',
    body: { stream: 'yes' },
    code: 'invalid_type',
    param: 'stream',
    message: /true or false/,
  },
  {
    name: 'stream options without a stream',
    body: { stream_options: { include_usage: true } },
    code: 'contradictory_parameters',
    param: 'stream_options',
    message: /set stream/,
  },
  {
    name: 'a bias of a word',
    body: { logit_bias: { dog: 1 } },
    code: 'invalid_type',
    param: 'logit_bias',
    message: /token ids/,
  },
  {
    name: 'a bias that is a string',
    body: { logit_bias: { 5: 'much' } },
    code: 'invalid_type',
    param: 'logit_bias',
    message: /numbers/,
  },
  {
    name: 'alternatives without log-probabilities',
    body: { top_logprobs: 2 },
    code: 'contradictory_parameters',
    param: 'top_logprobs',
    message: /logprobs: true/,
  },
  {
    name: 'too many alternatives',
    body: { logprobs: true, top_logprobs: 21 },
    code: 'invalid_value',
    param: 'top_logprobs',
    message: /0 to 20/,
  },
  {
    name: 'an unknown format',
    body: { response_format: { type: 'xml' } },
    code: 'invalid_value',
    param: 'response_format.type',
    message: /json_schema/,
  },
  {
    name: 'a format without a schema',
    body: { response_format: { type: 'json_schema' } },
    code: 'missing_required_parameter',
    param: 'response_format.json_schema',
    message: /required/,
  },
  {
    name: 'a schema that nothing satisfies',
    body: {
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'x', schema: { type: 'integer', minimum: 3, maximum: 2 } },
      },
    },
    code: 'invalid_argument',
    message: /nothing is valid by it/,
  },
  {
    name: 'a schema that cannot be enforced, streamed',
    body: {
      stream: true,
      response_format: {
        type: 'json_schema',
        json_schema: { schema: { type: 'string', pattern: '(a)\\1' } },
      },
    },
    code: 'unsupported',
    message: /pattern/,
  },
  {
    name: 'a grammar with an error',
    body: { grammar: 'root ::= [a-z' },
    code: 'invalid_argument',
    message: /grammar, line 1/,
  },
  {
    name: 'two formats',
    body: { grammar: 'root ::= "a"', response_format: { type: 'json_object' } },
    code: 'contradictory_parameters',
    param: 'grammar',
    message: /contradicts response_format/,
  },
  {
    name: 'a required call without tools',
    body: { tool_choice: 'required' },
    code: 'contradictory_parameters',
    param: 'tool_choice',
    message: /needs tools/,
  },
  {
    name: 'a choice that is not among the tools',
    body: { tools: [TOOL], tool_choice: { type: 'function', function: { name: 'listen' } } },
    code: 'invalid_value',
    param: 'tool_choice.function.name',
    message: /must be one of tools, not "listen"/,
  },
  {
    name: 'a choice of another type',
    body: { tools: [TOOL], tool_choice: { type: 'allowed_tools' } },
    code: 'unsupported_value',
    param: 'tool_choice.type',
    message: /"allowed_tools"/,
  },
  {
    name: 'a forced call that no value satisfies',
    body: {
      tools: [
        {
          type: 'function',
          function: { name: 'look', parameters: { properties: { a: false }, required: ['a'] } },
        },
      ],
      tool_choice: 'required',
    },
    code: 'invalid_argument',
    message: /nothing is valid by it/,
  },
  {
    name: 'a tool of another type',
    body: { tools: [{ type: 'custom', custom: {} }] },
    code: 'unsupported_value',
    param: 'tools[0].type',
    message: /"custom"/,
  },
  {
    name: 'a tool without a name',
    body: { tools: [{ type: 'function', function: {} }] },
    code: 'missing_required_parameter',
    param: 'tools[0].function.name',
    message: /required/,
  },
  {
    name: 'functions',
    body: { functions: [] },
    code: 'unsupported_parameter',
    param: 'functions',
    message: /use tools/,
  },
  {
    name: 'speech',
    body: { modalities: ['text', 'audio'] },
    code: 'unsupported_value',
    param: 'modalities',
    message: /text only/,
  },
  {
    name: 'an unknown effort',
    body: { reasoning_effort: 'huge' },
    code: 'invalid_value',
    param: 'reasoning_effort',
    message: /low/,
  },
  {
    name: 'reasoning of a model without',
    body: { reasoning_effort: 'high' },
    code: 'unsupported',
    message: /reasoning/,
  },
  {
    name: 'a prompt over the context',
    body: withMessages({ role: 'user', content: 'Once upon a time '.repeat(200) }),
    code: 'context_length_exceeded',
    param: 'messages',
    message: /its prompt has 1\d{3}, and the context of 512/,
  },
  {
    name: 'sampling that excludes everything',
    body: { logit_bias: { 999999: 1 }, min_tokens: 5, max_tokens: 4 },
    code: 'invalid_argument',
    message: /minTokens 5/,
  },
]

describe('a chat completion', () => {
  it.each(CHATS)('rejects $name', async (wrong) => {
    const { body } = wrong
    const isWhole = typeof body === 'string' || Array.isArray(body)
    await expectError(
      '/v1/chat/completions',
      isWhole ? body : { model: 'tiny', messages: USER, ...(body as object) },
      wrong,
    )
  })

  it('says what failed to the operator, and not to the client', async () => {
    const before = served.records.length
    await served.post('/v1/chat/completions', { model: 'broken', messages: USER })
    expect(String(served.records[before].error)).toContain('/secret/model.gguf')
  })

  it('takes null for absent, and ignores what changes nothing', async () => {
    const response = await served.post('/v1/chat/completions', {
      model: 'tiny',
      messages: [{ role: 'user', content: 'Hello', name: 'Ann' }],
      max_tokens: 1,
      temperature: null,
      stop: null,
      tools: null,
      response_format: null,
      logit_bias: null,
      user: 'ann',
      store: false,
      metadata: { a: 'b' },
      something: null,
    })
    expect(response.status).toBe(200)
  })

  it('makes one system message of several', async () => {
    const messages = [
      { role: 'system', content: 'Be kind.' },
      { role: 'user', content: 'Hello' },
      { role: 'developer', content: [{ type: 'text', text: 'Be brief.' }] },
    ]
    const response = await served.post('/apply-template', { model: 'tiny', messages })
    const { prompt } = (await response.json()) as { prompt: string }
    expect(prompt).toMatch(
      /^<\|im_start\|>system\nBe kind\.\n\nBe brief\.<\|im_end\|>\n<\|im_start\|>user\nHello/,
    )
  })
})

describe('other endpoints', () => {
  it.each<Wrong & { readonly path: string }>([
    {
      path: '/v1/completions',
      name: 'no prompt',
      body: {},
      code: 'missing_required_parameter',
      param: 'prompt',
      message: /required/,
    },
    {
      path: '/v1/completions',
      name: 'a prompt of another type',
      body: { prompt: [{}] },
      code: 'invalid_type',
      param: 'prompt[0]',
      message: /token ids/,
    },
    {
      path: '/v1/completions',
      name: 'an id outside the vocabulary',
      body: { prompt: [1_000_000] },
      code: 'invalid_argument',
      message: /1000000/,
    },
    {
      path: '/v1/completions',
      name: 'a suffix',
      body: { prompt: 'a', suffix: 'b' },
      code: 'unsupported_value',
      param: 'suffix',
      message: /"tiny" cannot fill in texts/,
    },
    {
      path: '/v1/completions',
      name: 'a suffix for ids',
      body: { prompt: [1, 2], suffix: 'b' },
      code: 'contradictory_parameters',
      param: 'suffix',
      message: /needs a prompt that is a text/,
    },
    {
      path: '/v1/completions',
      name: 'a suffix with the log-probabilities of its prompt',
      body: { prompt: 'a', suffix: 'b', echo: true, logprobs: 1 },
      code: 'contradictory_parameters',
      param: 'suffix',
      message: /echo/,
    },
    {
      path: '/infill',
      name: 'no text after the gap',
      body: { input_prefix: 'a' },
      code: 'missing_required_parameter',
      param: 'input_suffix',
      message: /required/,
    },
    {
      path: '/infill',
      name: 'a file without text',
      body: { input_prefix: 'a', input_suffix: 'b', input_extra: [{ filename: 'x' }] },
      code: 'missing_required_parameter',
      param: 'input_extra[0].text',
      message: /required/,
    },
    {
      path: '/infill',
      name: 'a model that cannot fill in texts',
      body: { input_prefix: 'a', input_suffix: 'b' },
      code: 'unsupported_value',
      param: 'suffix',
      message: /cannot fill in texts/,
    },
    {
      path: '/v1/completions',
      name: 'best_of',
      body: { prompt: 'a', best_of: 2 },
      code: 'unsupported_value',
      param: 'best_of',
      message: /must be n/,
    },
    {
      path: '/v1/completions',
      name: 'a long prompt',
      body: { prompt: 'Once upon a time '.repeat(200) },
      code: 'context_length_exceeded',
      param: 'prompt',
      message: /1001 tokens/,
    },
    {
      path: '/v1/completions',
      name: 'a long streamed prompt',
      body: { stream: true, prompt: 'Once upon a time '.repeat(200) },
      code: 'context_length_exceeded',
      param: 'prompt',
      message: /1001 tokens/,
    },
    {
      path: '/v1/embeddings',
      name: 'no input',
      body: {},
      code: 'missing_required_parameter',
      param: 'input',
      message: /required/,
    },
    {
      path: '/v1/embeddings',
      name: 'an empty input',
      body: { input: ['a', ''] },
      code: 'invalid_value',
      param: 'input[1]',
      message: /empty/,
    },
    {
      path: '/v1/embeddings',
      name: 'too many dimensions',
      body: { input: 'a', dimensions: 4096 },
      code: 'invalid_value',
      param: 'dimensions',
      message: /at most 256/,
    },
    {
      path: '/v1/embeddings',
      name: 'an unknown encoding',
      body: { input: 'a', encoding_format: 'hex' },
      code: 'invalid_value',
      param: 'encoding_format',
      message: /base64/,
    },
    {
      path: '/v1/embeddings',
      name: 'a long input',
      body: { input: 'Once upon a time '.repeat(200) },
      code: 'context_length_exceeded',
      param: 'input',
      message: /context of 512/,
    },
    {
      path: '/v1/rerank',
      name: 'a model that does not rank',
      body: { query: 'a', documents: ['b'] },
      code: 'unsupported',
      message: /reranker/,
    },
    {
      path: '/v1/rerank',
      name: 'no documents',
      body: { query: 'a', documents: [] },
      code: 'invalid_value',
      param: 'documents',
      message: /empty/,
    },
    {
      path: '/tokenize',
      name: 'no content',
      body: {},
      code: 'missing_required_parameter',
      param: 'content',
      message: /required/,
    },
    {
      path: '/detokenize',
      name: 'ids outside the vocabulary',
      body: { tokens: [-1] },
      code: 'invalid_argument',
      message: /-1/,
    },
    {
      path: '/apply-template',
      name: 'no messages',
      body: {},
      code: 'missing_required_parameter',
      param: 'messages',
      message: /required/,
    },
  ])('$path rejects $name', async (wrong) => {
    await expectError(wrong.path, { model: 'tiny', ...(wrong.body as object) }, wrong)
  })

  it('ranks documents', async () => {
    const reranker = await loadModel(writeGguf(RERANKER_CASES[0].parts))
    await using own = await serve({ models: { ranks: async () => reranker } })
    const documents = ['Bamboo shoots.', { text: 'A panda is a bear.' }, 'Trucks run on diesel.']
    const response = await own.post('/v1/rerank', {
      query: 'pandas',
      documents,
      top_n: 2,
      return_documents: true,
    })
    const { results, usage } = await response.json()
    const texts = ['Bamboo shoots.', 'A panda is a bear.', 'Trucks run on diesel.']
    const ranked = await rerank(reranker, 'pandas', texts, { topN: 2 })
    expect(results).toEqual(
      ranked.map(({ index, score }) => ({ index, relevance_score: score, document: { text: texts[index] } })),
    )
    expect(usage.total_tokens).toBeGreaterThan(texts.length)
    const chat = await own.post('/v1/chat/completions', { messages: USER })
    expect((await chat.json()).error).toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('encoder'),
    })
  })

  it('tokenizes and detokenizes', async () => {
    const response = await served.post('/tokenize', { model: 'tiny', content: 'A cat.', add_special: true })
    const { tokens } = (await response.json()) as { tokens: number[] }
    expect(tokens).toEqual(model.encode('A cat.'))
    const pieces = await served.post('/tokenize', { model: 'tiny', content: 'A cat.', with_pieces: true })
    expect(await pieces.json()).toEqual({
      tokens: model.encode('A cat.', { addSpecial: false }).map((id) => ({ id, piece: model.piece(id) })),
    })
    const text = await served.post('/detokenize', { model: 'tiny', tokens })
    expect(await text.json()).toEqual({ content: model.decode(tokens) })
  })
})

describe('HTTP', () => {
  const ask = (path: string, init: RequestInit = {}) =>
    served.handler(new Request(`http://server${path}`, init))
  const codeOf = async (response: Response) =>
    ((await response.json()) as { error: { code: string } }).error.code

  it('knows its paths and methods', async () => {
    const unknown = await ask('/v1/nothing')
    expect([unknown.status, await codeOf(unknown)]).toEqual([404, 'unknown_url'])
    const wrong = await ask('/v1/chat/completions')
    expect([wrong.status, wrong.headers.get('allow'), await codeOf(wrong)]).toEqual([
      405,
      'POST',
      'method_not_allowed',
    ])
    expect((await ask('/health')).status).toBe(200)
    expect((await ask('/v1/models/', { method: 'HEAD' })).status).toBe(200)
    expect((await ask('/models')).status).toBe(200)
    expect((await ask('/v1/models/tiny%')).status).toBe(404)
  })

  it('takes JSON only, because pages can send other types to any server', async () => {
    const response = await ask('/v1/chat/completions', { method: 'POST', body: '{}' })
    expect([response.status, await codeOf(response)]).toEqual([415, 'unsupported_media_type'])
  })

  it('rejects bodies that are too large, with and without a length, and those that are not UTF-8', async () => {
    const headers = { 'content-type': 'application/json' }
    const large = 'x'.repeat(300_000)
    const whole = await ask('/v1/chat/completions', { method: 'POST', headers, body: large })
    expect([whole.status, await codeOf(whole)]).toEqual([413, 'request_too_large'])
    const stream = new Blob([large]).stream()
    const streamed = await ask('/v1/chat/completions', {
      method: 'POST',
      headers,
      body: stream,
      duplex: 'half',
    } as RequestInit)
    expect(streamed.status).toBe(413)
    const announced = await ask('/v1/chat/completions', {
      method: 'POST',
      headers: { ...headers, 'content-length': '1000000' },
      body: '{}',
    })
    expect(announced.status).toBe(413)
    const bytes = await ask('/v1/chat/completions', {
      method: 'POST',
      headers,
      body: Uint8Array.of(0xff, 0xfe),
    })
    expect([bytes.status, await codeOf(bytes)]).toEqual([400, 'invalid_json'])
    const none = await ask('/v1/chat/completions', { method: 'POST', headers })
    expect([none.status, await codeOf(none)]).toEqual([400, 'invalid_json'])
  })

  it('gives up on a body that does not arrive', async () => {
    await using slow = await serve({ models: { plain: model }, bodyTimeout: 20 })
    const body = new ReadableStream({ pull: () => new Promise(() => {}) })
    const request = new Request('http://server/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      duplex: 'half',
    } as RequestInit)
    const response = await slow.handler(request)
    expect([response.status, await codeOf(response)]).toEqual([408, 'request_timeout'])
  })

  it('ignores unknown fields if it is told to', async () => {
    await using lenient = await serve({
      models: { tiny: { model, template: 'chatml' } },
      ignoreUnknownFields: true,
    })
    const body = { messages: USER, max_tokens: 1, something: 1 }
    expect((await lenient.post('/v1/chat/completions', body)).status).toBe(200)
  })
})

describe('options', () => {
  it.each([
    [undefined, /options/],
    [{}, /models must be/],
    [{ models: {} }, /models must be/],
    [{ models: { a: 5 } }, /models\["a"\] must be a model/],
    [{ models: { a: { model: () => {}, templat: 'x' } } }, /no key "templat"/],
    [{ models: { a: () => {} }, apiKeys: [''] }, /apiKeys\[0\]/],
    [{ models: { a: () => {} }, cors: ['example.org'] }, /cors\[0\] must be an origin/],
    [{ models: { a: () => {} }, maxConcurrent: 0 }, /maxConcurrent must be/],
    [{ models: { a: () => {} }, timeout: 0 }, /timeout must be/],
    [{ models: { a: () => {} }, maxQueue: 1 }, /no key "maxQueue"/],
    [{ models: { a: () => {} }, onRequest: 5 }, /onRequest must be a function/],
  ])('rejects %j', async (options, message) => {
    const { createHandler } = await import('../../src/server/index.js')
    expect(() => createHandler(options as never)).toThrow(message)
  })
})

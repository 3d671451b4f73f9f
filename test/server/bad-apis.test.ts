/** Wrong requests to OpenAI's Responses API and to Anthropic's Messages API: errors in the words of each. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Model } from '../../src/index.js'
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
    maxBodyBytes: 100_000,
  })
})
afterAll(async () => {
  await served[Symbol.asyncDispose]()
  await model.dispose()
})

/** A wrong request: what it adds to a right one (or its whole text), the code, the field, and the message. */
type Wrong = readonly [
  name: string,
  body: object | string,
  code: string,
  param: string | undefined,
  message: RegExp,
  status?: number,
]

const LONG = 'Once upon a time '.repeat(200)
/** A schema that no value satisfies. */
const NEVER = { type: 'object', properties: { a: false }, required: ['a'] }

const item = (...input: unknown[]) => ({ input })
const part = (content: object) => item({ role: 'user', content: [content] })
const flat = (more: object) => ({ tools: [{ type: 'function', name: 'look', ...more }] })

const RESPONSES: readonly Wrong[] = [
  ['text that is not JSON', '{"model":', 'invalid_json', undefined, /not valid JSON/],
  ['an array', '[]', 'invalid_type', '', /the body must be an object/],
  [
    'a body that is too large',
    `{"input":"${'x'.repeat(100_000)}"}`,
    'request_too_large',
    undefined,
    /100000/,
    413,
  ],
  ['an unknown model', { model: 'gpt-9' }, 'model_not_found', 'model', /"gpt-9"/, 404],
  ['no model', { model: undefined }, 'missing_required_parameter', 'model', /several models/],
  [
    'a broken model',
    { model: 'broken' },
    'model_unavailable',
    undefined,
    /^the model could not be loaded$/,
    503,
  ],
  ['a model without a template', { model: 'plain' }, 'no_template', undefined, /template/],
  ['a model of another type', { model: 5 }, 'invalid_type', 'model', /a string/],
  ['no input', { input: undefined }, 'missing_required_parameter', 'input', /required/],
  ['an input of another type', { input: 5 }, 'invalid_type', 'input', /array of items/],
  ['an item that is a string', item('Hi'), 'invalid_type', 'input[0]', /object/],
  [
    'an item without a type',
    item({ content: 'Hi' }),
    'missing_required_parameter',
    'input[0].type',
    /required/,
  ],
  [
    'an item of another type',
    item({ type: 'computer_call' }),
    'unsupported_value',
    'input[0].type',
    /"computer_call"/,
  ],
  [
    'a reference to an item',
    item({ type: 'item_reference', id: 'a' }),
    'unsupported_value',
    'input[0].type',
    /send the item itself/,
  ],
  ['an unknown role', item({ role: 'boss', content: 'Hi' }), 'invalid_value', 'input[0].role', /"boss"/],
  [
    'an item without content',
    item({ role: 'user' }),
    'missing_required_parameter',
    'input[0].content',
    /required/,
  ],
  ['an empty message', item({ role: 'user', content: ' ' }), 'invalid_value', 'input[0].content', /empty/],
  [
    'content of another type',
    item({ role: 'user', content: 5 }),
    'invalid_type',
    'input[0].content',
    /array of parts/,
  ],
  [
    'an unknown key of an item',
    item({ role: 'user', content: 'Hi', contnet: '' }),
    'unknown_parameter',
    'input[0].contnet',
    /did you mean content/,
  ],
  [
    'an image',
    part({ type: 'input_image', image_url: 'x' }),
    'unsupported_value',
    'input[0].content[0].type',
    /images/,
  ],
  [
    'a file',
    part({ type: 'input_file', file_id: 'x' }),
    'unsupported_value',
    'input[0].content[0].type',
    /files/,
  ],
  [
    'a part of another type',
    part({ type: 'smell' }),
    'unsupported_value',
    'input[0].content[0].type',
    /"smell"/,
  ],
  [
    'a part without text',
    part({ type: 'input_text' }),
    'missing_required_parameter',
    'input[0].content[0].text',
    /required/,
  ],
  [
    'a call without an id',
    item({ type: 'function_call', name: 'a', arguments: '{}' }),
    'missing_required_parameter',
    'input[0].call_id',
    /required/,
  ],
  [
    'arguments that are not JSON',
    item({ type: 'function_call', call_id: 'a', name: 'a', arguments: '{' }),
    'invalid_value',
    'input[0].arguments',
    /JSON text of an object/,
  ],
  [
    'the output of an unknown call',
    item({ type: 'function_call_output', call_id: 'a', output: '' }),
    'invalid_value',
    'input[0].call_id',
    /before it, not "a"/,
  ],
  [
    'an output of another type',
    item(
      { type: 'function_call', call_id: 'a', name: 'a', arguments: '{}' },
      { type: 'function_call_output', call_id: 'a', output: 5 },
    ),
    'invalid_type',
    'input[1].output',
    /string/,
  ],
  [
    'reasoning of another type',
    item({ type: 'reasoning', summary: [{ type: 'image' }] }),
    'invalid_value',
    'input[0].summary[0].type',
    /summary_text/,
  ],
  ['instructions of another type', { instructions: 5 }, 'invalid_type', 'instructions', /string/],
  [
    'a previous response',
    { previous_response_id: 'resp_1' },
    'unsupported_parameter',
    'previous_response_id',
    /whole conversation/,
  ],
  [
    'a stored conversation',
    { conversation: 'conv_1' },
    'unsupported_parameter',
    'conversation',
    /whole conversation/,
  ],
  ['a stored prompt', { prompt: { id: 'pmpt_1' } }, 'unsupported_parameter', 'prompt', /instructions/],
  [
    'a request in the background',
    { background: true },
    'unsupported_value',
    'background',
    /nothing is stored/,
  ],
  ['messages', { messages: [] }, 'unsupported_parameter', 'messages', /use input/],
  ['max_tokens', { max_tokens: 5 }, 'unsupported_parameter', 'max_tokens', /max_output_tokens/],
  ['no tokens', { max_output_tokens: 0 }, 'invalid_value', 'max_output_tokens', /1 or more/],
  ['truncation', { truncation: 'auto' }, 'unsupported_value', 'truncation', /disabled/],
  ['an unknown field', { temperatur: 1 }, 'unknown_parameter', 'temperatur', /did you mean temperature/],
  ['a negative temperature', { temperature: -1 }, 'invalid_value', 'temperature', /0 or more/],
  ['a top_p above 1', { top_p: 2 }, 'invalid_value', 'top_p', /0 to 1/],
  ['a stream that is a string', { stream: 'yes' }, 'invalid_type', 'stream', /true or false/],
  [
    'unknown stream options',
    { stream_options: { a: 1 } },
    'unknown_parameter',
    'stream_options.a',
    /no field "a"/,
  ],
  ['inclusions that are numbers', { include: [5] }, 'invalid_type', 'include', /\[0\] is not/],
  ['too many alternatives', { top_logprobs: 21 }, 'invalid_value', 'top_logprobs', /0 to 20/],
  ['metadata of another type', { metadata: 'a' }, 'invalid_type', 'metadata', /object/],
  ['an unknown effort', { reasoning: { effort: 'hard' } }, 'invalid_value', 'reasoning.effort', /medium/],
  ['an unknown summary', { reasoning: { summary: 'long' } }, 'invalid_value', 'reasoning.summary', /concise/],
  [
    'an unknown format',
    { text: { format: { type: 'xml' } } },
    'invalid_value',
    'text.format.type',
    /json_schema/,
  ],
  [
    'a format without a name',
    { text: { format: { type: 'json_schema', schema: {} } } },
    'missing_required_parameter',
    'text.format.name',
    /required/,
  ],
  [
    'a format without a schema',
    { text: { format: { type: 'json_schema', name: 'a' } } },
    'missing_required_parameter',
    'text.format.schema',
    /required/,
  ],
  [
    'a format that nothing satisfies',
    { text: { format: { type: 'json_schema', name: 'a', schema: NEVER } } },
    'invalid_argument',
    undefined,
    /nothing is valid by it/,
  ],
  ['an unknown verbosity', { text: { verbosity: 'loud' } }, 'invalid_value', 'text.verbosity', /medium/],
  ['tools of another type', { tools: {} }, 'invalid_type', 'tools', /array/],
  [
    'a tool without a type',
    { tools: [{ name: 'look' }] },
    'missing_required_parameter',
    'tools[0].type',
    /required/,
  ],
  [
    'a namespace without a name',
    { tools: [{ type: 'namespace', tools: [] }] },
    'missing_required_parameter',
    'tools[0].name',
    /required/,
  ],
  [
    'a tool with a wrong name in a namespace',
    { tools: [{ type: 'namespace', name: 'a', tools: [{ type: 'function', name: 'look around' }] }] },
    'invalid_value',
    'tools[0].tools[0].name',
    /letters/,
  ],
  ['a tool with a wrong name', flat({ name: 'look around' }), 'invalid_value', 'tools[0].name', /letters/],
  [
    'a tool with an unknown key',
    flat({ parametres: {} }),
    'unknown_parameter',
    'tools[0].parametres',
    /did you mean parameters/,
  ],
  [
    'a required call without tools',
    { tool_choice: 'required', tools: [{ type: 'web_search' }] },
    'contradictory_parameters',
    'tool_choice',
    /needs tools/,
  ],
  ['an unknown choice', { tool_choice: 'maybe' }, 'invalid_value', 'tool_choice', /"maybe"/],
  [
    'a choice that is not among the tools',
    { ...flat({}), tool_choice: { type: 'function', name: 'listen' } },
    'invalid_value',
    'tool_choice.name',
    /must be one of tools, not "listen"/,
  ],
  [
    'a choice of another type',
    { ...flat({}), tool_choice: { type: 'web_search' } },
    'unsupported_value',
    'tool_choice.type',
    /"web_search"/,
  ],
  [
    'an allowed tool that is not among the tools',
    {
      ...flat({}),
      tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'listen' }] },
    },
    'invalid_value',
    'tool_choice.tools[0].name',
    /"listen"/,
  ],
  [
    'a forced call that no value satisfies',
    { ...flat({ parameters: NEVER }), tool_choice: 'required' },
    'invalid_argument',
    undefined,
    /nothing is valid by it/,
  ],
  [
    'parallel calls that are a number',
    { parallel_tool_calls: 1 },
    'invalid_type',
    'parallel_tool_calls',
    /true or false/,
  ],
  [
    'a prompt that is too long',
    { input: LONG },
    'context_length_exceeded',
    'input',
    /prompt has \d+, and the context of 512/,
  ],
  [
    'a prompt that is too long, streamed',
    { input: LONG, stream: true },
    'context_length_exceeded',
    'input',
    /prompt has \d+/,
  ],
]

/** For titles of tests. */
function named(rows: readonly Wrong[]) {
  return rows.map(([name, ...wrong]) => ({ name, wrong }))
}

describe('the Responses API', () => {
  it.each(named(RESPONSES))(
    'rejects $name',
    async ({ wrong: [body, code, param, message, status = 400] }) => {
      const whole = typeof body === 'string' ? body : { model: 'tiny', input: 'Hello', ...body }
      const response = await served.post('/v1/responses', whole)
      const { error } = (await response.json()) as { error: object }
      expect({ status: response.status, ...error }).toEqual({
        ...{ status, code, param: param ?? null, message: expect.stringMatching(message) },
        type: status >= 500 ? 'server_error' : 'invalid_request_error',
      })
    },
  )

  it('rejects wrong counts', async () => {
    const codeOf = async (body: object) => {
      const response = await served.post('/v1/responses/input_tokens', { model: 'tiny', ...body })
      return [response.status, (await response.json()).error?.code]
    }
    expect(await codeOf({})).toEqual([400, 'missing_required_parameter'])
    expect(await codeOf({ input: 'a', max_output_tokens: 1 })).toEqual([400, 'unknown_parameter'])
    expect(await codeOf({ input: 'a', previous_response_id: 'b' })).toEqual([400, 'unsupported_parameter'])
    expect(await codeOf({ input: LONG })).toEqual([400, 'context_length_exceeded'])
  })
})

const message = (...messages: unknown[]) => ({ messages })
const block = (content: object, role = 'user') =>
  message({ role, content: [content] }, { role: 'user', content: 'Hi' })
const tool = (more: object) => ({ tools: [{ name: 'look', input_schema: { type: 'object' }, ...more }] })

const MESSAGES: readonly Wrong[] = [
  ['text that is not JSON', '{"model":', 'invalid_json', undefined, /not valid JSON/],
  ['an array', '[]', 'invalid_type', undefined, /the body must be an object/],
  [
    'a body that is too large',
    `{"system":"${'x'.repeat(100_000)}"}`,
    'request_too_large',
    undefined,
    /100000/,
    413,
  ],
  ['an unknown model', { model: 'claude-9' }, 'model_not_found', 'model', /"claude-9"/, 404],
  ['no model', { model: undefined }, 'missing_required_parameter', 'model', /several models/],
  [
    'a broken model',
    { model: 'broken' },
    'model_unavailable',
    undefined,
    /^the model could not be loaded$/,
    503,
  ],
  ['a model without a template', { model: 'plain' }, 'no_template', undefined, /template/],
  ['no max_tokens', { max_tokens: undefined }, 'missing_required_parameter', 'max_tokens', /required/],
  ['no tokens', { max_tokens: 0 }, 'invalid_value', 'max_tokens', /1 or more/],
  ['max_tokens of another type', { max_tokens: '5' }, 'invalid_type', 'max_tokens', /whole number/],
  ['no messages', { messages: undefined }, 'missing_required_parameter', 'messages', /required/],
  ['empty messages', { messages: [] }, 'invalid_value', 'messages', /empty/],
  ['messages of another type', { messages: 'Hi' }, 'invalid_type', 'messages', /array/],
  ['a message that is a string', message('Hi'), 'invalid_type', 'messages[0]', /object/],
  [
    'an unknown role',
    message({ role: 'boss', content: 'Hi' }),
    'invalid_value',
    'messages[0].role',
    /"boss"/,
  ],
  [
    'only a system message',
    message({ role: 'system', content: 'Hi' }),
    'invalid_value',
    'messages',
    /role user/,
  ],
  [
    'the beginning of a reply',
    message({ role: 'user', content: 'Hi' }, { role: 'assistant', content: 'I' }),
    'unsupported_value',
    'messages',
    /end with a message of the role user/,
  ],
  ['no content', message({ role: 'user' }), 'missing_required_parameter', 'messages[0].content', /required/],
  ['empty content', message({ role: 'user', content: ' ' }), 'invalid_value', 'messages[0].content', /empty/],
  ['no blocks', message({ role: 'user', content: [] }), 'invalid_value', 'messages[0].content', /empty/],
  [
    'content of another type',
    message({ role: 'user', content: 5 }),
    'invalid_type',
    'messages[0].content',
    /array of blocks/,
  ],
  [
    'an unknown key of a message',
    message({ role: 'user', content: 'Hi', contnet: '' }),
    'unknown_parameter',
    'messages[0].contnet',
    /did you mean content/,
  ],
  [
    'a block without a type',
    block({ text: 'Hi' }),
    'missing_required_parameter',
    'messages[0].content[0].type',
    /required/,
  ],
  [
    'a block without text',
    block({ type: 'text' }),
    'missing_required_parameter',
    'messages[0].content[0].text',
    /required/,
  ],
  [
    'an image',
    block({ type: 'image', source: {} }),
    'unsupported_value',
    'messages[0].content[0].type',
    /not images/,
  ],
  [
    'a document',
    block({ type: 'document', source: {} }),
    'unsupported_value',
    'messages[0].content[0].type',
    /not documents/,
  ],
  [
    'a use of a tool by the user',
    block({ type: 'tool_use', id: 'a', name: 'a', input: {} }),
    'unsupported_value',
    'messages[0].content[0].type',
    /"tool_use"/,
  ],
  [
    'a result by the assistant',
    block({ type: 'tool_result', tool_use_id: 'a' }, 'assistant'),
    'unsupported_value',
    'messages[0].content[0].type',
    /"tool_result"/,
  ],
  [
    'the result of an unknown use',
    block({ type: 'tool_result', tool_use_id: 'a' }),
    'invalid_value',
    'messages[0].content[0].tool_use_id',
    /before it, not "a"/,
  ],
  [
    'a use without input',
    block({ type: 'tool_use', id: 'a', name: 'a' }, 'assistant'),
    'missing_required_parameter',
    'messages[0].content[0].input',
    /required/,
  ],
  [
    'input that is a text',
    block({ type: 'tool_use', id: 'a', name: 'a', input: '{}' }, 'assistant'),
    'invalid_type',
    'messages[0].content[0].input',
    /object/,
  ],
  [
    'an image in a result',
    message(
      { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'a', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: [{ type: 'image' }] }] },
    ),
    'unsupported_value',
    'messages[1].content[0].content[0].type',
    /not images/,
  ],
  [
    'a thought without text',
    block({ type: 'thinking', signature: 'a' }, 'assistant'),
    'missing_required_parameter',
    'messages[0].content[0].thinking',
    /required/,
  ],
  ['a system text of another type', { system: 5 }, 'invalid_type', 'system', /array of blocks/],
  [
    'an image for the system',
    { system: [{ type: 'image' }] },
    'unsupported_value',
    'system[0].type',
    /not images/,
  ],
  ['an unknown field', { temperatur: 1 }, 'unknown_parameter', 'temperatur', /did you mean temperature/],
  ['a negative temperature', { temperature: -1 }, 'invalid_value', 'temperature', /0 or more/],
  ['a top_p above 1', { top_p: 2 }, 'invalid_value', 'top_p', /0 to 1/],
  ['a fractional top_k', { top_k: 1.5 }, 'invalid_type', 'top_k', /whole/],
  [
    'stop sequences that are numbers',
    { stop_sequences: [5] },
    'invalid_type',
    'stop_sequences',
    /\[0\] is not/,
  ],
  ['an empty stop sequence', { stop_sequences: [''] }, 'invalid_value', 'stop_sequences', /0 characters/],
  ['a stream that is a string', { stream: 'yes' }, 'invalid_type', 'stream', /true or false/],
  ['thinking of another kind', { thinking: { type: 'hard' } }, 'invalid_value', 'thinking.type', /adaptive/],
  [
    'thinking without a budget',
    { thinking: { type: 'enabled' } },
    'missing_required_parameter',
    'thinking.budget_tokens',
    /required/,
  ],
  [
    'a budget for thinking above max_tokens',
    { thinking: { type: 'enabled', budget_tokens: 8 } },
    'invalid_value',
    'thinking.budget_tokens',
    /less than max_tokens, which is 8/,
  ],
  [
    'an unknown display',
    { thinking: { type: 'adaptive', display: 'red' } },
    'invalid_value',
    'thinking.display',
    /omitted/,
  ],
  [
    'an unknown effort',
    { output_config: { effort: 'hard' } },
    'invalid_value',
    'output_config.effort',
    /medium/,
  ],
  [
    'an unknown format',
    { output_config: { format: { type: 'xml' } } },
    'invalid_value',
    'output_config.format.type',
    /json_schema/,
  ],
  [
    'a format without a schema',
    { output_config: { format: { type: 'json_schema' } } },
    'missing_required_parameter',
    'output_config.format.schema',
    /required/,
  ],
  [
    'a format that nothing satisfies',
    { output_config: { format: { type: 'json_schema', schema: NEVER } } },
    'invalid_argument',
    undefined,
    /nothing is valid by it/,
  ],
  [
    'two formats',
    {
      output_config: { format: { type: 'json_schema', schema: {} } },
      output_format: { type: 'json_schema', schema: {} },
    },
    'contradictory_parameters',
    'output_format',
    /contradicts/,
  ],
  ['a container', { container: 'c' }, 'unsupported_parameter', 'container', /not run here/],
  ['servers of tools', { mcp_servers: [] }, 'unsupported_parameter', 'mcp_servers', /give their tools/],
  ['a thread', { thread: { type: 'create' } }, 'thread_unsupported_request', 'thread', /send all messages/],
  ['tools of another type', { tools: {} }, 'invalid_type', 'tools', /array/],
  [
    'a tool without a schema',
    tool({ input_schema: undefined }),
    'missing_required_parameter',
    'tools[0].input_schema',
    /required/,
  ],
  [
    'a schema of another type',
    tool({ input_schema: 'object' }),
    'invalid_type',
    'tools[0].input_schema',
    /object/,
  ],
  ['a tool with a wrong name', tool({ name: 'look around' }), 'invalid_value', 'tools[0].name', /letters/],
  [
    'a tool with an unknown key',
    tool({ inputschema: {} }),
    'unknown_parameter',
    'tools[0].inputschema',
    /did you mean input_schema/,
  ],
  [
    'a choice that is a string',
    { ...tool({}), tool_choice: 'auto' },
    'invalid_type',
    'tool_choice',
    /object/,
  ],
  [
    'an unknown choice',
    { ...tool({}), tool_choice: { type: 'maybe' } },
    'invalid_value',
    'tool_choice.type',
    /"maybe"/,
  ],
  [
    'a choice that is not among the tools',
    { ...tool({}), tool_choice: { type: 'tool', name: 'listen' } },
    'invalid_value',
    'tool_choice.name',
    /must be one of tools, not "listen"/,
  ],
  [
    'a required use without tools',
    { tool_choice: { type: 'any' } },
    'contradictory_parameters',
    'tool_choice',
    /needs tools/,
  ],
  [
    'parallel use that is a number',
    { ...tool({}), tool_choice: { type: 'auto', disable_parallel_tool_use: 1 } },
    'invalid_type',
    'tool_choice.disable_parallel_tool_use',
    /true or false/,
  ],
  [
    'a prompt that is too long',
    message({ role: 'user', content: LONG }),
    'context_length_exceeded',
    'messages',
    /^prompt is too long: .* prompt has \d+, and the context of 512/,
  ],
]

const TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  404: 'not_found_error',
  413: 'request_too_large',
  503: 'overloaded_error',
}

describe('the Messages API', () => {
  it.each(named(MESSAGES))('rejects $name', async ({ wrong: [body, code, param, text, status = 400] }) => {
    const right = { model: 'tiny', max_tokens: 8, messages: [{ role: 'user', content: 'Hello' }] }
    const response = await served.post(
      '/v1/messages',
      typeof body === 'string' ? body : { ...right, ...body },
    )
    const details = { error_code: code, ...(param && { param }) }
    expect(response.status).toBe(status)
    expect(await response.json()).toEqual({
      type: 'error',
      error: { type: TYPES[status], message: expect.stringMatching(text), details },
      request_id: response.headers.get('request-id'),
    })
  })

  it('rejects wrong counts', async () => {
    const codeOf = async (body: object) => {
      const response = await served.post('/v1/messages/count_tokens', { model: 'tiny', ...body })
      return [response.status, (await response.json()).error?.details.error_code]
    }
    const messages = [{ role: 'user', content: 'Hello' }]
    expect(await codeOf({})).toEqual([400, 'missing_required_parameter'])
    expect(await codeOf({ messages, max_tokens: 5 })).toEqual([400, 'unknown_parameter'])
    expect(await codeOf({ messages: [{ role: 'user', content: LONG }] })).toEqual([
      400,
      'context_length_exceeded',
    ])
  })

  it('has its own words for wrong paths and methods, if its client asks', async () => {
    const ask = async (path: string, headers: Record<string, string>) => {
      const response = await served.handler(new Request(`http://server${path}`, { headers }))
      return [response.status, (await response.json()).error.type]
    }
    const headers = { 'anthropic-version': '2023-06-01' }
    expect(await ask('/v1/nothing', headers)).toEqual([404, 'not_found_error'])
    expect(await ask('/v1/messages', headers)).toEqual([405, 'invalid_request_error'])
    expect(await ask('/v1/models/huge', headers)).toEqual([404, 'not_found_error'])
    expect(await ask('/v1/models/huge', {})).toEqual([404, 'invalid_request_error'])
  })
})

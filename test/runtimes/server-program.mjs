/**
 * What the server answers in every runtime; the texts must be the same. `dasllama` and `server` are the package's entries,
 * `source` a source that the runtime can pass to `loadModel`.
 */
export async function converse(dasllama, server, source) {
  const options = { contextLength: 256, kernels: 'baseline', threads: 1, memoryLimit: 48 * 2 ** 20 }
  const handler = server.createHandler({
    models: { tiny: { model: () => dasllama.loadModel(source, options), template: 'chatml' } },
    apiKeys: ['secret'],
    maxConcurrent: 1,
    cachedConversations: 1,
  })
  const ask = (body, { path = '/v1/chat/completions', ...more } = {}) => {
    const headers = { 'content-type': 'application/json', authorization: 'Bearer secret' }
    return handler(
      new Request(`http://server${path}`, { method: 'POST', headers, body: JSON.stringify(body), ...more }),
    )
  }
  const request = { messages: [{ role: 'user', content: 'Once upon a time' }], max_tokens: 12, seed: 7 }
  const whole = await (await ask(request)).json()
  const events = (await (await ask({ ...request, stream: true })).text()).trim().split('\n\n')
  const streamed = events
    .slice(0, -1)
    .map((event) => JSON.parse(event.slice('data: '.length)).choices[0].delta.content ?? '')
    .join('')

  // A client that leaves in the middle of a stream lets the next one in.
  const left = await ask({ ...request, max_tokens: undefined, ignore_eos: true, stream: true })
  const reader = left.body.getReader()
  await reader.read()
  await reader.cancel()
  const schema = {
    type: 'object',
    properties: { age: { type: 'integer', minimum: 1, maximum: 9 } },
    required: ['age'],
  }
  const format = { type: 'json_schema', json_schema: { name: 'age', schema } }
  const json = await (await ask({ ...request, max_tokens: 50, response_format: format })).json()
  const vectors = await (
    await ask({ input: 'A cat.', encoding_format: 'base64' }, { path: '/v1/embeddings' })
  ).json()
  const wrong = await ask(request, { headers: { 'content-type': 'application/json' } })
  await handler.close()
  return {
    text: whole.choices[0].message.content,
    usage: whole.usage,
    streamed,
    last: events.at(-1),
    json: json.choices[0].message.content,
    vector: vectors.data[0].embedding,
    status: wrong.status,
  }
}

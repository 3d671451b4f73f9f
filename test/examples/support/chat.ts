/** A chat through OpenAI's client, whole and streamed, and what the same model answers in Node. */
import { loadModel } from 'dasllama'
import { createHandler } from 'dasllama/server'
import OpenAI from 'openai'

export interface Reply {
  readonly text: string
  /** The pieces of its tokens. */
  readonly tokens: readonly string[]
  readonly finish: string | null
}

const REQUEST = {
  messages: [{ role: 'user', content: 'Once upon a time there was a dog' }],
  max_tokens: 24,
  temperature: 0,
  logprobs: true,
} as const

/** A client of a server, or of a handler. */
export function clientOf(
  server: string | ((request: Request) => Promise<Response>),
  { apiKey = 'none', maxRetries = 0 }: { apiKey?: string; maxRetries?: number } = {},
): OpenAI {
  const own =
    typeof server === 'string'
      ? {}
      : { fetch: (url: string | URL | Request, init?: RequestInit) => server(new Request(url, init)) }
  const baseURL = typeof server === 'string' ? server : 'http://localhost/v1'
  return new OpenAI({ baseURL, apiKey, maxRetries, ...own })
}

export async function askWhole(client: OpenAI, model: string): Promise<Reply> {
  const { choices } = await client.chat.completions.create({
    ...REQUEST,
    messages: [...REQUEST.messages],
    model,
  })
  const [{ message, logprobs, finish_reason }] = choices
  return {
    text: message.content ?? '',
    tokens: logprobs?.content?.map(({ token }) => token) ?? [],
    finish: finish_reason,
  }
}

/** The same, streamed; with the number of chunks that had text. */
export async function askStreamed(client: OpenAI, model: string): Promise<Reply & { chunks: number }> {
  const stream = await client.chat.completions.create({
    ...REQUEST,
    ...{ messages: [...REQUEST.messages], model, stream: true },
  })
  const reply = { text: '', tokens: [] as string[], finish: null as string | null, chunks: 0 }
  for await (const { choices } of stream) {
    for (const { delta, logprobs, finish_reason } of choices) {
      if (delta.content) reply.chunks++
      reply.text += delta.content ?? ''
      reply.tokens.push(...(logprobs?.content?.map(({ token }) => token) ?? []))
      reply.finish ??= finish_reason
    }
  }
  return reply
}

/** What a model without a chat template answers in this process. */
export async function replyInNode(path: string): Promise<Reply> {
  await using model = await loadModel(path, { threads: 1 })
  const handler = createHandler({ models: { model: { model, template: 'chatml' } } })
  const reply = await askWhole(
    clientOf((request) => handler(request)),
    'model',
  )
  await handler.close()
  return reply
}

/** What the clients of the soak test ask for. */
import { createHandler } from '../../../src/server/index.js'
import { collected, tinyStories } from '../support.js'

export const SOAK_MODEL = { contextLength: 256, template: 'chatml' } as const

/** The state of the server's process, after a collection of garbage. Bytes. */
export interface SoakReport {
  readonly rss: number
  readonly heapUsed: number
  readonly external: number
  /** Requests that have ended. */
  readonly records: number
  /** Requests that have no response yet. */
  readonly open: number
  readonly workers: number
}

/** A request, and what a model that does nothing else answers. */
export interface Job {
  readonly body: string
  readonly expected: Answer
}

export interface Answer {
  readonly text: string
  readonly finish: string | undefined
  readonly tokens: number
}

const BEGINNINGS = [
  'Once upon a time',
  'The little dog',
  'Lily and Tom went to the park. '.repeat(4),
  'One day a big bear',
  'There was a red ball. '.repeat(7),
]

/** Requests with seeds, of different lengths, some of which begin alike. */
export async function makeJobs(count: number): Promise<readonly Job[]> {
  await using model = await tinyStories(SOAK_MODEL.contextLength)
  const handler = createHandler({
    models: { tiny: { model, template: SOAK_MODEL.template } },
    cachedConversations: 0,
  })
  const jobs: Job[] = []
  for (let i = 0; i < count; i++) {
    const body = JSON.stringify({
      messages: [{ role: 'user', content: `${BEGINNINGS[i % BEGINNINGS.length]} ${i % 3 === 0 ? i : ''}` }],
      seed: 1000 + i,
      temperature: i % 4 === 0 ? 0 : 1,
      max_tokens: 8 + ((i * 7) % 50),
      stream: true,
      stream_options: { include_usage: true },
    })
    const headers = { 'content-type': 'application/json' }
    const url = 'http://server/v1/chat/completions'
    const response = await handler(new Request(url, { method: 'POST', headers, body }))
    jobs.push({ body, expected: await answerOf(response) })
  }
  await handler.close()
  return jobs
}

/** Reads a stream to its end. Rejects with the message of an error within it, and if it ends early. */
export async function answerOf(response: Response): Promise<Answer> {
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`)
  const text = Buffer.concat(await collected(response.body as AsyncIterable<Uint8Array>)).toString()
  const events = text.trimEnd().split('\n\n')
  const chunks = events.filter((event) => event !== 'data: [DONE]').map((event) => JSON.parse(event.slice(6)))
  const failed = chunks.find(({ error }) => error)
  if (failed) throw new Error(`${failed.error.code}: ${failed.error.message}`)
  if (events.at(-1) !== 'data: [DONE]') throw new Error(`a stream has ended early: ${text.slice(-200)}`)
  const choices = chunks.flatMap((chunk) => chunk.choices)
  return {
    text: choices.map(({ delta }) => delta.content ?? '').join(''),
    finish: choices.find(({ finish_reason }) => finish_reason)?.finish_reason,
    tokens: chunks.at(-1).usage.completion_tokens,
  }
}

import OpenAI from 'openai'
import { type CustomStep, loadModel, type Model, type SamplingParams } from '../../src/index.js'
import { listen } from '../../src/platform/node/http-server.js'
import {
  createHandler,
  type Handler,
  type HandlerOptions,
  type RequestRecord,
} from '../../src/server/index.js'
import { TINY_STORIES } from '../support/model-files.js'

/** The model of these tests: it writes English, slowly enough to be interrupted, and knows nothing of chats. */
export function tinyStories(contextLength = 512): Promise<Model> {
  return loadModel(TINY_STORIES, { contextLength, threads: 1 })
}

/** How a client reaches the handler: through its option `fetch`, or over HTTP. */
export type Transport = 'fetch' | 'http'

export interface Served extends AsyncDisposable {
  readonly handler: Handler
  readonly client: OpenAI
  /** Where other clients send their requests, and with what. */
  readonly base: string
  readonly fetch: typeof fetch
  /** Records of the requests that have ended. */
  readonly records: RequestRecord[]
  /** A request without a client. */
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>
  /** Resolves with the record of the request with this number, counted from 0. */
  record(index: number): Promise<RequestRecord>
}

/** A handler with a client of OpenAI's. */
export async function serve(options: HandlerOptions, transport: Transport = 'fetch'): Promise<Served> {
  const records: RequestRecord[] = []
  const handler = createHandler({ ...options, onRequest: (record) => void records.push(record) })
  const server = transport === 'http' ? await listen(handler, { host: '127.0.0.1', port: 0 }) : undefined
  const base = server?.url ?? 'http://server'
  const send: typeof fetch = server
    ? fetch
    : async (input, init) => {
        const response = await handler(new Request(input as string, init as RequestInit))
        // As `fetch` does.
        init?.signal?.throwIfAborted()
        return response
      }
  return {
    handler,
    records,
    base,
    fetch: send,
    client: new OpenAI({ apiKey: 'none', baseURL: `${base}/v1`, maxRetries: 0, fetch: send }),
    post: (path, body, headers = {}) =>
      send(`${base}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    async record(index) {
      const limit = performance.now() + 20_000
      while (records.length <= index) {
        if (performance.now() > limit) throw new Error(`there are ${records.length} records only`)
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      return records[index]
    },
    async [Symbol.asyncDispose]() {
      await handler.close({ signal: AbortSignal.abort() })
      await server?.close()
    },
  }
}

/** A sampling step that makes a model write a text, which can be changed between requests. */
export class Script {
  readonly sampling: SamplingParams
  #ids: readonly number[] = []
  readonly #model: Model

  constructor(model: Model) {
    this.#model = model
    const step: CustomStep = (candidates) => candidates.keep([this.#ids[candidates.previousTokens.length]])
    this.sampling = { samplers: [step] }
  }

  /** The text of the next replies. */
  says(text: string): void {
    const { tokenizer } = this.#model
    // As a continuation, without the space before a text.
    this.#ids = [...this.#model.encode(`.${text}`, { addSpecial: false }).slice(1), tokenizer.eosId!]
  }
}

/** All parts of a stream. */
export async function collected<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const each of stream) all.push(each)
  return all
}

/** Rows of the table that `npm run test:server` prints. */
export function row(client: string, feature: string, transport: string) {
  return { client, feature, transport, passed: 1 }
}

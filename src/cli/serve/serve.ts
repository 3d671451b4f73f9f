import type { Model } from '../../index.js'
import type { Terminal } from '../../platform/terminal.js'
import { createHandler, type Handler } from '../../server/index.js'
import { maxTokensOption } from '../arguments/ending-options.js'
import { contextOption, load, runtimeOptions } from '../arguments/engine-options.js'
import { MODEL } from '../arguments/model-options.js'
import { alias, choice, group, integer, text, texts, type Values, valueOr } from '../arguments/options.js'
import { templateOptions } from '../arguments/template-options.js'
import { command } from '../command.js'
import { print } from '../output/printable.js'
import { printStyled } from '../output/style.js'
import { foreignPage, isForeignPage, isLoopback } from './foreign-pages.js'
import { LOG_FORMATS, logLine } from './log.js'
import { namedModels } from './names.js'

const options = {
  ...group('Who may send requests', {
    host: valueOr(
      text('NAME', 'the address to listen on; 0.0.0.0 is every one of this machine'),
      '127.0.0.1',
    ),
    port: integer('the port; 0 is any that is free', { min: 0, max: 65_535, fallback: 8080 }),
    apiKey: texts('KEY', 'a key that requests must have; may be given several times, each is enough'),
    apiKeyFile: text('FILE', 'a file with such keys, one per line'),
    cors: texts('ORIGIN', 'let web pages of this origin send requests, * of any; may be given several times'),
  }),
  ...group('How much is answered', {
    parallel: alias(integer('requests that run at the same time', { min: 1, max: 1024, fallback: 4 }), '-np'),
    queue: integer('requests that wait; more are refused', { min: 0, max: 10_000, fallback: 64 }),
    maxTokens: maxTokensOption('the most tokens of a reply; default: as many as the context holds', 1),
    cache: integer('conversations per model whose tokens are kept for the next request', {
      min: 0,
      max: 10_000,
      fallback: 4,
    }),
    drain: integer('seconds to wait for running requests when the server is stopped', {
      min: 0,
      fallback: 30,
    }),
  }),
  ...group('Models', {
    template: templateOptions.template,
    context: contextOption(
      "maximum tokens of a prompt with its reply; by default the model's trained context, at most 4096",
    ),
    ...runtimeOptions,
  }),
  ...group('Output', {
    log: choice(LOG_FORMATS, 'a line per request on standard error, never with texts of the client', 'text'),
  }),
}

type ServeValues = Values<typeof options>

export const serve = command({
  name: 'serve',
  summary: "Answer requests in OpenAI's API over HTTP",
  operands: [
    {
      ...MODEL,
      summary: `${MODEL.summary}; NAME=MODEL gives it a name, otherwise it has the file's`,
      repeats: true,
    },
  ],
  options,
  notes: `One model is loaded at once; several are loaded when they are first asked for. Ctrl-C or SIGTERM stops the server when running requests have ended; a second Ctrl-C stops it at once.

  dasllama serve model.gguf
  dasllama serve small=a.gguf large=hf:owner/repo:Q4_K_M --port 9000 --api-key-file keys.txt
`,
  hints: { IO: 'choose another --port, or another --host' },
  async run(operands, values, terminal) {
    const models = namedModels(operands)
    const keys = [...values.apiKey, ...(await keysOf(values.apiKeyFile, terminal))]
    const stopping = new AbortController()
    const forget = [terminal.onInterrupt, terminal.onTerminate].map((on) =>
      on.call(terminal, () => stopping.abort()),
    )
    const loaders = Array.from(models, ([name, source]) => {
      return [name, () => load(source, values, terminal, stopping.signal)] as const
    })
    const handler = handlerOf(loaders, keys, values, terminal)
    try {
      if (models.size === 1) await handler.load([...models.keys()][0])
      await answerRequests({ handler, keys, values, terminal }, stopping.signal)
      return 0
    } catch (error) {
      if (!stopping.signal.aborted) throw error
      return 0
    } finally {
      for (const each of forget) each()
      await handler.close({ signal: AbortSignal.abort() })
    }
  },
})

interface Serving {
  readonly handler: Handler
  readonly keys: readonly string[]
  readonly values: ServeValues
  readonly terminal: Terminal
}

/** Listens until the signal is aborted, and then until the running requests have ended. */
async function answerRequests(
  { handler, keys, values, terminal }: Serving,
  signal: AbortSignal,
): Promise<void> {
  const { host, port, drain } = values
  const isLocal = isLoopback(host)
  const origins = originsOf(values)
  const answer = async (request: Request) =>
    isLocal && isForeignPage(request, origins) ? foreignPage() : handler(request)
  const server = await terminal.listen(answer, { host, port })
  try {
    await print(terminal.stdout, `listening on ${server.url}/v1\n`)
    if (values.log === 'text') await print(terminal.stderr, `the control page is at ${server.url}/\n`)
    if (!isLocal && keys.length === 0) {
      await printStyled(
        terminal.stderr,
        'yellow',
        'warning: whoever reaches this address can use the server; --api-key sets a key\n',
      )
    }
    await aborted(signal)
    server.stopListening()
    await handler.close({ signal: AbortSignal.timeout(1000 * drain) })
  } finally {
    await server.close()
  }
}

function handlerOf(
  loaders: readonly (readonly [name: string, load: () => Promise<Model>])[],
  apiKeys: readonly string[],
  values: ServeValues,
  terminal: Terminal,
): Handler {
  const { parallel, queue, maxTokens, cache, template, log } = values
  return createHandler({
    models: Object.fromEntries(loaders.map(([name, model]) => [name, { model, template }])),
    apiKeys,
    cors: originsOf(values),
    maxConcurrent: parallel,
    maxQueued: queue,
    maxTokens,
    cachedConversations: cache,
    onRequest: (record) => {
      if (log !== 'none') void print(terminal.stderr, logLine(record, log, new Date()))
    },
  })
}

function originsOf({ cors }: Pick<ServeValues, 'cors'>): readonly string[] | true {
  return cors.includes('*') || cors
}

async function keysOf(file: string | undefined, terminal: Terminal): Promise<string[]> {
  if (file === undefined) return []
  return (await terminal.readFile(file))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

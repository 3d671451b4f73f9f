import { abortable } from '../../abortable.js'
import type { Model } from '../../index.js'
import type { Terminal } from '../../platform/terminal.js'
import { createHandler, type Handler, type ServedSpeculation } from '../../server/index.js'
import { maxTokensOption } from '../arguments/ending-options.js'
import { contextOption, load, runtimeOptions } from '../arguments/engine-options.js'
import { MODEL } from '../arguments/model-options.js'
import {
  alias,
  choice,
  flag,
  group,
  integer,
  text,
  texts,
  type Values,
  valueOr,
} from '../arguments/options.js'
import { checkSpeculationOptions, loadDraft, speculationOptions } from '../arguments/speculation-options.js'
import { templateOptions } from '../arguments/template-options.js'
import { UsageError } from '../arguments/usage-error.js'
import { command } from '../command.js'
import { print } from '../output/printable.js'
import { printStyled } from '../output/style.js'
import { foreignPage, isForeignPage, isLoopback } from './foreign-pages.js'
import { isRoutine, LOG_FORMATS, logLine } from './log.js'
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
    timeout: alias(
      integer('seconds that a request may take, waiting included; default: any', { min: 1, max: 2_000_000 }),
      '-to',
    ),
    priorities: flag('let the field priority of requests decide who runs first'),
    drain: integer('seconds to wait for running requests when the server is stopped', {
      min: 0,
      fallback: 30,
    }),
  }),
  ...group('Models', {
    unloadAfter: integer('seconds without a request after which a model is unloaded; default: never', {
      min: 1,
      max: 2_000_000,
    }),
    maxLoaded: alias(
      integer('models in memory at the same time; the least recently used one makes room; default: all', {
        min: 1,
        max: 10_000,
      }),
      '--models-max',
    ),
    prefixCache: integer('MiB per model that keep prompts for requests which begin alike; 0: none', {
      min: 0,
      max: 4096,
      fallback: 512,
    }),
    template: templateOptions.template,
    context: contextOption(
      "maximum tokens of a prompt with its reply; by default the model's trained context, at most 4096",
    ),
    ...speculationOptions,
    ...runtimeOptions,
  }),
  ...group('Output', {
    publicMetrics: flag('let /metrics be read without a key'),
    log: choice(
      LOG_FORMATS,
      'a line per request on standard error, never with texts of the client, and none for those of monitors',
      'text',
    ),
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
  notes: `One model is loaded at once; several are loaded when they are first asked for. What each key's requests leave in a cache is used for that key alone. Ctrl-C or SIGTERM stops the server when running requests have ended; a second Ctrl-C stops it at once.

  dasllama serve model.gguf
  dasllama serve small=a.gguf large=hf:owner/repo:Q4_K_M --port 9000 --api-key-file keys.txt
`,
  hints: { IO: 'choose another --port, or another --host' },
  async run(operands, values, terminal) {
    const models = namedModels(operands)
    checkSpeculationOptions(values)
    if (values.draft !== undefined && models.size > 1) {
      throw new UsageError(
        '--draft is for one model, and several are served',
        'leave it out, or serve one model',
      )
    }
    const keys = [...values.apiKey, ...(await keysOf(values.apiKeyFile, terminal))]
    const stopping = new AbortController()
    const forget = [terminal.onInterrupt, terminal.onTerminate].map((on) =>
      on.call(terminal, () => stopping.abort()),
    )
    // Running requests may still wait for a model when the server is stopped.
    const loading = new AbortController()
    const prefixCache = values.prefixCache > 0 && { maxBytes: values.prefixCache * 2 ** 20 }
    const loaders = Array.from(models, ([name, source]) => {
      return [name, () => load(source, { ...values, prefixCache }, terminal, loading.signal)] as const
    })
    const draft = async () => (await loadDraft(values, terminal, stopping.signal))!
    const speculation = values.draft === undefined ? values.speculation : { draft }
    const handler = handlerOf({ loaders, speculation, keys, values, terminal })
    try {
      if (models.size === 1) await abortable(handler.load([...models.keys()][0]), stopping.signal)
      await answerRequests({ handler, loading, keys, values, terminal }, stopping.signal)
      return 0
    } catch (error) {
      if (!stopping.signal.aborted) throw error
      return 0
    } finally {
      for (const each of forget) each()
      loading.abort()
      await handler.close({ signal: AbortSignal.abort() })
    }
  },
})

interface Serving {
  readonly handler: Handler
  /** Ends the loading of models. */
  readonly loading: AbortController
  readonly keys: readonly string[]
  readonly values: ServeValues
  readonly terminal: Terminal
}

/** Listens until the signal is aborted, and then until the running requests have ended. */
async function answerRequests(
  { handler, loading, keys, values, terminal }: Serving,
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
    const late = AbortSignal.timeout(1000 * drain)
    late.addEventListener('abort', () => loading.abort(), { once: true })
    await handler.close({ signal: late })
  } finally {
    await server.close()
  }
}

interface Handled extends Omit<Serving, 'handler' | 'loading'> {
  readonly loaders: readonly (readonly [name: string, load: () => Promise<Model>])[]
  readonly speculation: ServedSpeculation
}

function handlerOf({ loaders, speculation, keys: apiKeys, values, terminal }: Handled): Handler {
  const { parallel, queue, maxTokens, cache, template, log, priorities, maxLoaded } = values
  const { timeout, unloadAfter, publicMetrics } = values
  const ms = (seconds: number | undefined) => (seconds === undefined ? undefined : 1000 * seconds)
  return createHandler({
    models: Object.fromEntries(loaders.map(([name, model]) => [name, { model, template, speculation }])),
    apiKeys,
    cors: originsOf(values),
    maxConcurrent: parallel,
    maxQueued: queue,
    maxTokens,
    cachedConversations: cache,
    timeout: ms(timeout),
    unloadAfter: ms(unloadAfter),
    maxLoaded,
    priorities,
    metrics: publicMetrics ? 'public' : 'private',
    onRequest: (record) => {
      if (log !== 'none' && !isRoutine(record)) void print(terminal.stderr, logLine(record, log, new Date()))
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

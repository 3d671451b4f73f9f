import type { BatchJob } from '../../batch/queue.js'
import type { Result } from '../../batch/result.js'
import { type BatchWorker, work as startWorker, type WorkOptions } from '../../batch/work.js'
import type { Terminal } from '../../platform/terminal.js'
import { createHandler, type Handler } from '../../server/index.js'
import { maxTokensOption } from '../arguments/ending-options.js'
import { contextOption, load, runtimeOptions } from '../arguments/engine-options.js'
import { MODEL } from '../arguments/model-options.js'
import { alias, choice, flag, group, integer, text, type Values } from '../arguments/options.js'
import { templateOptions } from '../arguments/template-options.js'
import { UsageError } from '../arguments/usage-error.js'
import { command } from '../command.js'
import { print } from '../output/printable.js'
import { namedModels } from '../serve/names.js'
import { answersFrom, answersOf } from './answers.js'
import { type Batches, note, redisOptions, withBatches } from './batches.js'

const options = {
  ...group('What answers the requests', {
    server: text('URL', 'a server of the OpenAI API, instead of models in this process'),
    apiKeyFile: text('FILE', 'a file with the API key of the server'),
    template: templateOptions.template,
    context: contextOption(
      "maximum tokens of a prompt with its reply; by default the model's trained context, at most 4096",
    ),
    maxTokens: maxTokensOption('the most tokens of a reply; default: as many as the context holds', 1),
    ...runtimeOptions,
  }),
  ...group('How they are answered', {
    parallel: alias(integer('requests that run at the same time', { min: 1, max: 1024, fallback: 4 }), '-np'),
    attempts: integer('how often a request is begun at most: lost workers and busy servers count', {
      min: 1,
      max: 1000,
      fallback: 5,
    }),
    lostAfter: integer('seconds after which others take the requests of a worker that no longer responds', {
      min: 1,
      max: 3600,
      fallback: 30,
    }),
    drain: integer('seconds to wait for running requests when the worker is stopped', {
      min: 0,
      fallback: 30,
    }),
    untilEmpty: flag('end when the queue is empty'),
  }),
  ...redisOptions,
  ...group('Output', {
    log: choice(['text', 'none'], 'a line per result on standard error, never with texts', 'text'),
  }),
}

type WorkValues = Values<typeof options>

export const work = command({
  name: 'batch work',
  summary: 'Answer the requests in the queue',
  operands: [
    {
      ...MODEL,
      summary: `${MODEL.summary}; NAME=MODEL gives it a name, otherwise it has the file's`,
      repeats: true,
      isOptional: true,
    },
  ],
  options,
  notes: `Any number of workers may run, on any machines that reach Redis. Ctrl-C or SIGTERM lets running requests end first and gives back the others; what a worker was doing that is killed, others take over.

  dasllama batch work model.gguf
  dasllama batch work --server http://127.0.0.1:8080 --parallel 16
`,
  async run(operands, values, terminal) {
    if (operands.length === 0 && values.server === undefined) {
      throw new UsageError('batch work needs MODEL or --server: what answers the requests', MODEL.hint)
    }
    if (operands.length > 0 && values.server !== undefined) {
      throw new UsageError('batch work takes either models or --server, not both')
    }
    const stopping = new AbortController()
    const forget = [terminal.onInterrupt, terminal.onTerminate].map((on) =>
      on.call(terminal, () => stopping.abort()),
    )
    try {
      await withBatches(values, terminal, 'wait', (batches) =>
        withAnswers(operands, values, { terminal, signal: stopping.signal }, (answer) =>
          answerQueue(answer, values, { batches, terminal, signal: stopping.signal }),
        ),
      )
      return 0
    } catch (error) {
      if (!stopping.signal.aborted) throw error
      return 0
    } finally {
      for (const each of forget) each()
    }
  },
})

interface Process {
  readonly terminal: Terminal
  readonly signal: AbortSignal
}

/** Loads the models, or finds the server, while `use` runs. */
async function withAnswers(
  operands: readonly string[],
  values: WorkValues,
  { terminal, signal }: Process,
  use: (answer: WorkOptions['answer']) => Promise<void>,
): Promise<void> {
  const { server: url, apiKeyFile } = values
  if (url !== undefined) {
    const apiKey = apiKeyFile === undefined ? undefined : (await terminal.readFile(apiKeyFile)).trim()
    return use(answersFrom({ url, apiKey, onOutage: (message) => note(terminal, message) }, terminal))
  }
  const handler = handlerOf(operands, values, { terminal, signal })
  try {
    const [only, ...others] = namedModels(operands).keys()
    if (others.length === 0) await handler.load(only)
    await use(answersOf(handler))
  } finally {
    await handler.close({ signal: AbortSignal.abort() })
  }
}

function handlerOf(operands: readonly string[], values: WorkValues, { terminal, signal }: Process): Handler {
  const { parallel, template, maxTokens } = values
  const models = Array.from(namedModels(operands), ([name, source]) => {
    return [name, { model: () => load(source, values, terminal, signal), template }] as const
  })
  return createHandler({ models: Object.fromEntries(models), maxConcurrent: parallel, maxTokens })
}

/** Works until the signal is aborted, or the queue is empty if that is wanted. */
async function answerQueue(
  answer: WorkOptions['answer'],
  { parallel, attempts, lostAfter, drain, untilEmpty, queue, log }: WorkValues,
  { batches: { connection, store }, terminal, signal }: Process & { readonly batches: Batches },
): Promise<void> {
  const worker = startWorker({
    ...{ connection, store, queue, attempts, answer },
    concurrency: parallel,
    lostAfter: 1000 * lostAfter,
    onResult: (job, result, ms) => {
      if (log === 'text') void print(terminal.stderr, logLine(job, result, { ms, time: new Date() }))
    },
  })
  await print(terminal.stdout, `working on the queue ${queue}, ${parallel} requests at a time\n`)
  try {
    await waited(worker, { untilEmpty, signal })
  } finally {
    await worker.stop({ signal: AbortSignal.timeout(1000 * drain) })
  }
}

function waited(
  worker: BatchWorker,
  { untilEmpty, signal }: { readonly untilEmpty: boolean; readonly signal: AbortSignal },
): Promise<void> {
  if (untilEmpty) return worker.untilEmpty(signal)
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

function logLine(
  { batch, index }: BatchJob,
  { response, error }: Result,
  { ms, time }: { readonly ms: number; readonly time: Date },
): string {
  const ended = response ? response.status_code : error?.code
  return `${time.toISOString()} ${batch} ${index} ${ended}, ${Math.round(ms)} ms\n`
}

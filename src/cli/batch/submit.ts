import { submit as submitFile } from '../../batch/submit.js'
import { displayName } from '../../describe.js'
import { DasllamaError } from '../../index.js'
import type { Terminal } from '../../platform/terminal.js'
import { group, integer, text, type Values } from '../arguments/options.js'
import { UsageError } from '../arguments/usage-error.js'
import { command } from '../command.js'
import { interruptible } from '../interrupt.js'
import { print } from '../output/printable.js'
import { ProgressBar } from '../output/progress.js'
import { counted } from '../output/table.js'
import { type Batches, note, redisOptions, withBatches } from './batches.js'

const options = {
  ...group('The batch', {
    id: text('ID', 'the id of the batch; that of an interrupted submission continues it'),
    maxQueue: integer('requests that may wait for workers; adding more waits for them', {
      min: 1,
      fallback: 10_000,
    }),
  }),
  ...redisOptions,
}

export const submit = command({
  name: 'batch submit',
  summary: 'Add the requests of a file to the queue',
  operands: [{ name: 'FILE', summary: "requests in OpenAI's format, one JSON object per line" }],
  options,
  notes: `Prints the id of the batch. Each line is {"custom_id": "…", "method": "POST", "url": "/v1/chat/completions", "body": {…}}; the other urls are /v1/completions and /v1/embeddings. Lines that are not requests are listed on standard error, and get a result that says what is wrong.

  dasllama batch submit requests.jsonl
`,
  run: ([path], values, terminal) =>
    interruptible(terminal, (signal) =>
      withBatches(values, terminal, 'wait', (batches) =>
        submitPath(path, values, { batches, terminal, signal }),
      ),
    ),
})

interface Submitting {
  readonly batches: Batches
  readonly terminal: Terminal
  readonly signal: AbortSignal
}

/** Bad lines that are listed, at most. */
const MAX_LISTED = 10

async function submitPath(
  path: string,
  { id: given, maxQueue }: Values<typeof options>,
  { batches: { store, queue }, terminal, signal }: Submitting,
): Promise<void> {
  if (given !== undefined && !/^[\w.-]{1,100}$/.test(given)) {
    throw new UsageError('--id must be 1 to 100 letters, digits, dots, dashes and underscores')
  }
  const source = await terminal.modelTools.openFile(path)
  try {
    const id = given ?? `batch_${crypto.randomUUID().replaceAll('-', '')}`
    const continues = given !== undefined && (await isBegun(id, source.size))
    if (!continues) await store.create(id, { file: displayName(path), bytes: source.size })
    await print(terminal.stdout, `${id}\n`)
    const bar = new ProgressBar(terminal, { verb: 'submitting' })
    let isFull = false
    let listed = 0
    const submitted = await submitFile({
      ...{ store, queue, id, source, signal },
      maxWaiting: maxQueue,
      onProgress: (loaded) => bar.update({ loaded, total: source.size }),
      onFull: (waiting) => {
        if (!isFull) note(terminal, `${counted(waiting, 'request')} wait already; waiting for workers`)
        isFull = true
      },
      onBadLine: (line, { message }) => {
        if (listed++ < MAX_LISTED) note(terminal, `line ${line}: ${message}`)
      },
    })
      .catch((error) => {
        if (!signal.aborted) throw error
        note(terminal, `interrupted; dasllama batch submit ${displayName(path)} --id ${id} continues`)
        throw error
      })
      .finally(() => bar.erase())
    const bad = submitted.badLines
    if (bad > MAX_LISTED) note(terminal, `and ${bad - MAX_LISTED} more`)
    note(
      terminal,
      counted(submitted.requests, 'request') + (bad > 0 ? `, of which ${bad} cannot be answered` : ''),
    )
  } finally {
    await source.close()
  }

  /** Whether a submission of this file was begun. */
  async function isBegun(id: string, bytes: number): Promise<boolean> {
    const batch = (await store.list()).find((each) => each.id === id)
    if (!batch) return false
    if (batch.status === 'validating' && batch.bytes === bytes) return true
    const why =
      batch.status === 'validating' ? `of a file with ${batch.bytes} bytes` : `that is ${batch.status}`
    throw new DasllamaError('INVALID_ARGUMENT', `there is a batch ${id} already, ${why}`)
  }
}

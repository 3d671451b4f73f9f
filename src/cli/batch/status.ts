import { delay } from '../../abortable.js'
import type { Batch } from '../../batch/store.js'
import { flag, group } from '../arguments/options.js'
import { command } from '../command.js'
import { interruptible } from '../interrupt.js'
import { print } from '../output/printable.js'
import { columns } from '../output/table.js'
import { type Batches, ID, redisOptions, withBatches } from './batches.js'

const options = {
  ...group('Output', {
    wait: flag('wait until the batch has ended'),
    json: flag("print OpenAI's batch objects, one per line"),
  }),
  ...redisOptions,
}

/** Milliseconds between looks. */
const WAIT_DELAY = 500

export const status = command({
  name: 'batch status',
  summary: 'Show how far batches are',
  operands: [{ ...ID, summary: `${ID.summary}; without it, all are listed`, isOptional: true }],
  options,
  notes: `  dasllama batch status
  dasllama batch status batch_… --wait
`,
  run: ([id], { wait, json, ...values }, terminal) =>
    interruptible(terminal, (signal) =>
      withBatches(values, terminal, wait ? 'wait' : 'fail', async ({ store }) => {
        if (wait && id !== undefined) await untilEnded(store, id, signal)
        const batches = id === undefined ? await store.list() : [await store.get(id)]
        await print(terminal.stdout, json ? batches.map(asJson).join('') : table(batches))
      }),
    ),
})

async function untilEnded(store: Batches['store'], id: string, signal: AbortSignal): Promise<void> {
  while ((await store.get(id)).endedAt === undefined) await delay(WAIT_DELAY, signal)
}

function table(batches: readonly Batch[]): string {
  const rows = batches.map((batch) => [
    batch.id,
    batch.status,
    `${batch.succeeded + batch.failed} of ${batch.total}${batch.status === 'validating' ? '…' : ''}`,
    String(batch.failed),
    speed(batch),
    batch.file,
  ])
  return columns([['id', 'status', 'done', 'failed', 'per minute', 'file'], ...rows])
}

/** Results per minute since the first request was begun. */
function speed({ begunAt, endedAt = Date.now() / 1000, succeeded, failed }: Batch): string {
  if (begunAt === undefined) return '–'
  return ((60 * (succeeded + failed)) / Math.max(1, endedAt - begunAt)).toFixed(1)
}

/** OpenAI's batch object. */
function asJson(batch: Batch): string {
  const { id, status, file, createdAt, begunAt = null, endedAt = null, total, succeeded, failed } = batch
  const isCancelled = status === 'cancelled'
  const object = {
    ...{ id, object: 'batch', status, input_file: file, created_at: createdAt, in_progress_at: begunAt },
    ...{ completed_at: isCancelled ? null : endedAt, cancelled_at: isCancelled ? endedAt : null },
    request_counts: { total, completed: succeeded, failed },
  }
  return `${JSON.stringify(object)}\n`
}

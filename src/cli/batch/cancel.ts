import { removeJobs } from '../../batch/queue.js'
import { DasllamaError } from '../../index.js'
import { command } from '../command.js'
import { interruptible } from '../interrupt.js'
import { ID, note, redisOptions, withBatches } from './batches.js'

export const cancel = command({
  name: 'batch cancel',
  summary: 'End a batch: requests without a result get one that says so',
  operands: [ID],
  options: redisOptions,
  notes: `  dasllama batch cancel batch_…
`,
  run: ([id], values, terminal) =>
    interruptible(terminal, () =>
      withBatches(values, terminal, 'fail', async ({ store, queue }) => {
        await removeJobs(queue, id, await store.cancel(id))
        const { succeeded, failed } = await store.get(id)
        note(terminal, `cancelled: ${succeeded} answered, ${failed} not`)
      }),
    ),
})

export const remove = command({
  name: 'batch delete',
  summary: 'Remove a batch that has ended, and its results, from Redis',
  operands: [ID],
  options: redisOptions,
  notes: `  dasllama batch delete batch_…
`,
  run: ([id], values, terminal) =>
    interruptible(terminal, () =>
      withBatches(values, terminal, 'fail', async ({ store }) => {
        const { endedAt, status } = await store.get(id)
        if (endedAt === undefined) {
          throw new DasllamaError('INVALID_ARGUMENT', `the batch ${id} is ${status}`, {
            hint: 'dasllama batch cancel ends it',
          })
        }
        await store.delete(id)
      }),
    ),
})

import { DasllamaError } from '../../index.js'
import { flag } from '../arguments/options.js'
import { command } from '../command.js'
import { interruptible } from '../interrupt.js'
import { print } from '../output/printable.js'
import { ID, redisOptions, withBatches } from './batches.js'

export const result = command({
  name: 'batch result',
  summary: 'Print the results of a batch, one JSON object per line, in the order of its requests',
  operands: [ID],
  options: {
    partial: flag('print the results so far of a batch that has not ended'),
    ...redisOptions,
  },
  notes: `A line has custom_id and either response (status_code, request_id, body) or error (code, message).

  dasllama batch result batch_… > results.jsonl
`,
  run: ([id], { partial, ...values }, terminal) =>
    interruptible(terminal, (signal) =>
      withBatches(values, terminal, 'fail', async ({ store }) => {
        const { status, endedAt, total, succeeded, failed } = await store.get(id)
        if (endedAt === undefined && !partial) {
          const message = `the batch ${id} is ${status}: ${succeeded + failed} of ${total} requests have a result`
          throw new DasllamaError('INVALID_ARGUMENT', message, {
            hint: '--partial prints these; dasllama batch status ID --wait waits for all',
          })
        }
        for await (const line of store.results(id)) {
          signal.throwIfAborted()
          await print(terminal.stdout, `${line}\n`)
        }
      }),
    ),
})

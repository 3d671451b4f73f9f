import type { Queue } from 'bullmq'
import { type BatchJob, openQueue, prefixOf } from '../../batch/queue.js'
import { connectRedis, type RedisConnection } from '../../batch/redis.js'
import { BatchStore } from '../../batch/store.js'
import type { Terminal } from '../../platform/terminal.js'
import { group, text, type Values, valueOr } from '../arguments/options.js'
import { UsageError } from '../arguments/usage-error.js'
import type { Operand } from '../command.js'
import { print } from '../output/printable.js'
import { printStyled } from '../output/style.js'

/** Where the batches are. */
export const redisOptions = group('Redis', {
  redis: valueOr(text('URL', 'the address of Redis'), 'redis://127.0.0.1:6379'),
  redisPasswordFile: text('FILE', 'a file with its password, if the URL has none'),
  queue: valueOr(
    text('NAME', 'the queue: its workers answer the batches that were submitted to it'),
    'default',
  ),
})

export const ID: Operand = {
  name: 'ID',
  summary: 'the id of a batch, which submit prints',
  hint: 'dasllama batch status lists all batches',
}

/** What commands about batches use. */
export interface Batches {
  readonly connection: RedisConnection
  readonly store: BatchStore
  readonly queue: Queue<BatchJob>
}

/** A Redis that goes away: `wait` for it to come back, or `fail`. */
type OnOutage = 'wait' | 'fail'

/** Connects to the batches while `work` runs. */
export async function withBatches<T>(
  { redis: url, redisPasswordFile, queue }: Values<typeof redisOptions>,
  terminal: Terminal,
  onOutage: OnOutage,
  work: (batches: Batches) => Promise<T>,
): Promise<T> {
  if (!/^[\w.-]{1,100}$/.test(queue)) {
    throw new UsageError('--queue must be 1 to 100 letters, digits, dots, dashes and underscores')
  }
  const password =
    redisPasswordFile === undefined ? undefined : (await terminal.readFile(redisPasswordFile)).trim()
  const report = (message: string) => void printStyled(terminal.stderr, 'yellow', `${message}\n`)
  const connection = await connectRedis({ url, password, ...(onOutage === 'wait' && { onOutage: report }) })
  try {
    const store = new BatchStore(connection.redis, prefixOf(queue))
    return await work({ connection, store, queue: openQueue(connection, queue) })
  } finally {
    await connection.close()
  }
}

/** A line on standard error. */
export function note(terminal: Terminal, message: string): void {
  void print(terminal.stderr, `${message}\n`)
}

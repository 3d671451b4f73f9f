import type * as bullmq from 'bullmq'
import type { Redis } from 'ioredis'
import { describeFailure } from '../describe.js'
import { DasllamaError } from '../errors.js'

/** How Redis is reached. */
export interface RedisOptions {
  /** Such as `redis://127.0.0.1:6379/0` or `rediss://user:password@host`. */
  readonly url: string
  /** The password, if it is not part of the URL. */
  readonly password?: string | undefined
  /**
   * Whether to wait for a Redis that goes away later, instead of failing. Then called with what happened, once for each time
   * that it goes away and comes back.
   */
  readonly onOutage?: ((message: string) => void) | undefined
}

/** A connection to Redis, and the package that queues jobs on it. */
export interface RedisConnection {
  readonly redis: Redis
  readonly bullmq: typeof bullmq
  close(): Promise<void>
}

/** Milliseconds between attempts to reach a Redis that has gone away, at most. */
const MAX_RETRY_DELAY = 2000

/**
 * Connects to Redis. Rejects with `UNSUPPORTED` if the packages that this needs are not installed, `INVALID_ARGUMENT` for a
 * bad URL, and `IO` if Redis cannot be reached, refuses the password, or may discard what is stored.
 */
export async function connectRedis(options: RedisOptions): Promise<RedisConnection> {
  const { bullmq, Redis } = await loadPackages()
  const address = addressOf(options.url)
  let isUp = false
  const redis: Redis = new Redis(options.url, {
    lazyConnect: true,
    maxRetriesPerRequest: options.onOutage ? null : 0,
    retryStrategy: (times: number) =>
      isUp && options.onOutage ? Math.min(100 * times, MAX_RETRY_DELAY) : null,
    ...(options.password !== undefined && { password: options.password }),
  })
  // Without a listener it would end the program; the reason is reported by what fails because of it.
  let reason: unknown
  redis.on('error', (error) => {
    reason = error
  })
  try {
    await redis.connect()
    await redis.ping()
    isUp = true
    await checkKeeping(redis, address)
  } catch (cause) {
    redis.disconnect()
    throw cause instanceof DasllamaError ? cause : unreachable(address, reason ?? cause)
  }
  if (options.onOutage) reportOutages(redis, address, options.onOutage)
  return {
    redis,
    bullmq,
    close: async () => {
      // Also the copies that BullMQ makes of it stop trying then.
      isUp = false
      redis.disconnect()
    },
  }
}

/** What a command of Redis has failed with, as an error of this package. */
export function redisError(cause: unknown): unknown {
  if (cause instanceof DasllamaError || !(cause instanceof Error)) return cause
  if (/^OOM /.test(cause.message)) {
    return new DasllamaError('OUT_OF_MEMORY', 'Redis has reached its maxmemory', {
      hint: 'raise maxmemory, delete batches that have ended, or submit with a smaller --max-queue',
      cause,
    })
  }
  const isOurs = /Reply|MaxRetries|Redis/.test(cause.name) || /^Connection is closed/.test(cause.message)
  return isOurs ? new DasllamaError('IO', `Redis has failed: ${describeFailure(cause)}`, { cause }) : cause
}

async function loadPackages(): Promise<{ bullmq: typeof bullmq; Redis: typeof Redis }> {
  try {
    const [queues, client] = await Promise.all([import('bullmq'), import('ioredis')])
    return { bullmq: queues, Redis: client.Redis }
  } catch (cause) {
    throw new DasllamaError('UNSUPPORTED', 'batches need the packages bullmq and ioredis', {
      hint: 'npm install bullmq ioredis',
      cause,
    })
  }
}

/** The address without a password. Throws `INVALID_ARGUMENT`. */
function addressOf(url: string): string {
  try {
    const { protocol, hostname, port } = new URL(url)
    if (/^rediss?:$/.test(protocol) && hostname !== '') return `${hostname}:${port || 6379}`
  } catch {
    // Reported below, without the URL: it may contain a password.
  }
  throw new DasllamaError('INVALID_ARGUMENT', 'the address of Redis must be a redis: or rediss: URL', {
    hint: 'such as redis://127.0.0.1:6379',
  })
}

function unreachable(address: string, cause: unknown): DasllamaError {
  const message = describeFailure(cause)
  if (/^(?:NOAUTH|WRONGPASS)|password/.test(message)) {
    return new DasllamaError('IO', `Redis at ${address} refuses the password: ${message}`, {
      hint: 'put it into the URL, redis://:PASSWORD@HOST, or into a file for --redis-password-file',
      cause,
    })
  }
  const code = (cause as { code?: unknown } | undefined)?.code
  const why = message === '' && typeof code === 'string' ? code : message
  return new DasllamaError('IO', `cannot reach Redis at ${address}: ${why}`, {
    hint: 'start redis-server, or name another one with --redis URL',
    cause,
  })
}

/** Rejects a Redis that discards keys when its memory is full: requests and results would be lost. */
async function checkKeeping(redis: Redis, address: string): Promise<void> {
  const info = await redis.info('memory')
  const [, limit = '0'] = /^maxmemory:(\d+)/m.exec(info) ?? []
  const [, policy = 'noeviction'] = /^maxmemory_policy:(\S+)/m.exec(info) ?? []
  if (limit === '0' || policy === 'noeviction') return
  throw new DasllamaError('IO', `Redis at ${address} discards keys when it is full (${policy})`, {
    hint: 'requests and results would be lost: redis-cli config set maxmemory-policy noeviction',
  })
}

function reportOutages(redis: Redis, address: string, report: (message: string) => void): void {
  let isAway = false
  redis.on('close', () => {
    if (isAway || redis.status === 'end') return
    isAway = true
    report(`Redis at ${address} has gone away; waiting for it`)
  })
  redis.on('ready', () => {
    if (isAway) report(`Redis at ${address} is back`)
    isAway = false
  })
}

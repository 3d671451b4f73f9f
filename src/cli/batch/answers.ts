import { delay } from '../../abortable.js'
import type { BatchJob } from '../../batch/queue.js'
import type { WorkOptions } from '../../batch/work.js'
import type { Terminal } from '../../platform/terminal.js'
import type { Handler } from '../../server/index.js'
import { UsageError } from '../arguments/usage-error.js'

type Answer = WorkOptions['answer']

/** Answers requests with models in this process. */
export function answersOf(handler: Handler): Answer {
  return ({ url, body }, signal) =>
    handler(new Request(`http://localhost${url}`, { method: 'POST', headers: JSON_BODY, body, signal }))
}

const JSON_BODY = { 'content-type': 'application/json' }
/** Milliseconds between attempts to reach a server that does not answer, and for one of them. */
const DOWN_DELAY = 1000
const HEALTH_TIMEOUT = 5000

/** A server that answers requests. */
export interface BatchServer {
  /** Its address, with or without `/v1`. */
  readonly url: string
  readonly apiKey: string | undefined
  /** Called when it stops answering, and when it answers again. */
  readonly onOutage: (message: string) => void
}

/**
 * Answers requests with another server. If that cannot be reached, the request waits until it can and is then repeated, so that an outage
 * costs each request one attempt. Throws `UsageError` for a bad URL.
 */
export function answersFrom(
  { url, apiKey, onOutage }: BatchServer,
  { post }: Pick<Terminal, 'post'>,
): Answer {
  const base = baseOf(url)
  const headers = { ...JSON_BODY, ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }) }
  let isDown = false
  const untilUp = async (signal: AbortSignal) => {
    if (!isDown) onOutage(`${base} does not answer; waiting for it`)
    isDown = true
    while (isDown && !(await isHealthy(base))) await delay(DOWN_DELAY, signal)
    if (isDown) onOutage(`${base} answers again`)
    isDown = false
  }
  return async (job: BatchJob, signal: AbortSignal) => {
    if (isDown) await untilUp(signal)
    try {
      return await post({ url: base + job.url, headers, body: job.body, signal })
    } catch (error) {
      if (!signal.aborted) await untilUp(signal)
      throw error
    }
  }
}

async function isHealthy(base: string): Promise<boolean> {
  try {
    const response = await fetch(`${base}/health`, { signal: AbortSignal.timeout(HEALTH_TIMEOUT) })
    await response.body?.cancel()
    return response.status < 500
  } catch {
    return false
  }
}

function baseOf(url: string): string {
  if (URL.canParse(url) && /^https?:/i.test(url)) return url.replace(/\/+$/, '').replace(/\/v1$/, '')
  throw new UsageError('--server must be an http or https URL, such as http://127.0.0.1:8080')
}

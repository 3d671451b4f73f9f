import { describeFailure } from '../../describe.js'
import type { RequestRecord } from '../../server/index.js'

export const LOG_FORMATS = ['text', 'json', 'none'] as const

const WATCHED = ['/health', '/metrics', '/slots', '/status']

/** Whether somebody only watches the server, and was answered: once per second, that would hide everything else. */
export function isRoutine({ method, path, status }: RequestRecord): boolean {
  return method !== 'POST' && status === 200 && WATCHED.includes(path)
}

/** A request as a line of a log, without any text of the client. */
export function logLine(record: RequestRecord, format: 'text' | 'json', time: Date): string {
  const { error, ...rest } = record
  const ms = Math.round(record.ms)
  if (format === 'json') {
    return `${JSON.stringify({ time: time.toISOString(), ...rest, ms, ...(error !== undefined && { error: described(error) }) })}\n`
  }
  const parts = [time.toISOString(), record.method, record.path, String(record.status)]
  if (record.model !== undefined) parts.push(record.model)
  parts.push(
    [...tokens(record), `${ms} ms`, ...(record.ended === undefined ? [] : [record.ended])].join(', '),
  )
  return `${parts.join(' ')}${error === undefined ? '' : `: ${described(error)}`}\n`
}

function tokens({ promptTokens, cachedTokens = 0, completionTokens }: RequestRecord): string[] {
  const cached = cachedTokens > 0 ? ` (${cachedTokens} cached)` : ''
  return [
    ...(promptTokens === undefined ? [] : [`prompt ${promptTokens}${cached}`]),
    ...(completionTokens === undefined ? [] : [`reply ${completionTokens}`]),
  ]
}

/** The messages of an error and of its causes, on one line. */
function described(error: unknown): string {
  const message = describeFailure(error)
  return error instanceof Error && error.cause !== undefined
    ? `${message}: ${described(error.cause)}`
    : message
}

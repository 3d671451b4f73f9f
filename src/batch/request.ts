import { isRecord } from '../checks.js'
import { describeValue } from '../describe.js'
import { LineError } from './line-error.js'

/** The endpoints that requests of a batch may name. */
export const BATCH_URLS = ['/v1/chat/completions', '/v1/completions', '/v1/embeddings'] as const

/** A request of a batch file. */
export interface BatchRequest {
  /** The name that the result has, too. */
  readonly customId: string
  readonly url: (typeof BATCH_URLS)[number]
  /** The body as JSON. */
  readonly body: string
}

/** Most characters of a `custom_id`. */
const MAX_ID = 512
const KEYS = ['custom_id', 'method', 'url', 'body']

/**
 * The request on a line of a batch file: `{"custom_id": …, "method": "POST", "url": …, "body": {…}}`. Throws `LineError`.
 * The body's fields are checked by the endpoint.
 */
export function readRequest(text: string): BatchRequest {
  const line = parsed(text)
  const { custom_id: customId, method = 'POST', url, body } = line
  if (typeof customId !== 'string' || customId === '' || customId.length > MAX_ID) {
    throw invalid(`custom_id must be a string of 1 to ${MAX_ID} characters, not ${describeValue(customId)}`)
  }
  if (method !== 'POST') throw invalid(`method must be "POST", not ${describeValue(method)}`)
  const known = BATCH_URLS.find((each) => each === url)
  if (known === undefined)
    throw new LineError(
      'invalid_url',
      `url must be one of ${BATCH_URLS.join(', ')}, not ${describeValue(url)}`,
    )
  if (!isRecord(body)) throw invalid(`body must be an object, not ${describeValue(body)}`)
  if (body.stream === true) throw invalid('body.stream must not be true: a result is whole')
  const unknown = Object.keys(line).find((key) => !KEYS.includes(key))
  if (unknown !== undefined) {
    throw invalid(`there is no field ${describeValue(unknown)}; there are ${KEYS.join(', ')}`)
  }
  return { customId, url: known, body: written(body) }
}

function written(body: object): string {
  try {
    return JSON.stringify(body)
  } catch {
    throw invalid('body has too many levels of arrays and objects')
  }
}

/** The `custom_id` of a line that is not a valid request, for its result; `null` if there is none. */
export function customIdOf(text: string): string | null {
  try {
    const { custom_id: id } = parsed(text)
    return typeof id === 'string' && id !== '' && id.length <= MAX_ID ? id : null
  } catch {
    return null
  }
}

function parsed(text: string): Record<string, unknown> {
  let line: unknown
  try {
    line = JSON.parse(text)
  } catch (error) {
    throw new LineError('invalid_json', `not valid JSON: ${(error as Error).message.slice(0, 200)}`)
  }
  if (!isRecord(line)) throw new LineError('invalid_json', `must be an object, not ${describeValue(line)}`)
  return line
}

function invalid(message: string): LineError {
  return new LineError('invalid_request', message)
}

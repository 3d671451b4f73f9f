/**
 * A function of AWS Lambda behind a function URL (payload format 2.0). With `InvokeMode: RESPONSE_STREAM` replies arrive token by
 * token; otherwise, as behind an API Gateway, they arrive as a whole.
 */
import { Buffer } from 'node:buffer'
import process from 'node:process'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { answer, start } from './chat.mjs'

// Before the first request: Lambda does not bill the first ten seconds of an instance in this way.
start().catch((error) => console.error(error))

function requestOf({ rawPath, rawQueryString, headers = {}, requestContext, body, isBase64Encoded }) {
  const method = requestContext?.http?.method
  if (!method || !rawPath) throw new Error('not an event of a function URL (payload format 2.0)')
  const url = new URL(rawPath, `https://${headers.host ?? 'localhost'}`)
  url.search = rawQueryString ?? ''
  const bytes = body === undefined ? undefined : Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8')
  return new Request(url, { method, headers, ...(bytes?.length > 0 && { body: bytes }) })
}

const headOf = ({ status, headers }) => ({ statusCode: status, headers: Object.fromEntries(headers) })

async function streamed(event, responseStream) {
  const response = await answer(requestOf(event))
  const stream = globalThis.awslambda.HttpResponseStream.from(responseStream, headOf(response))
  await pipeline(response.body ? Readable.fromWeb(response.body) : Readable.from(['']), stream)
}

async function whole(event) {
  const response = await answer(requestOf(event))
  return { ...headOf(response), body: await response.text() }
}

export const handler =
  globalThis.awslambda && process.env.STREAMING !== 'off'
    ? globalThis.awslambda.streamifyResponse(streamed)
    : whole

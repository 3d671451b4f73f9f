import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { Readable } from 'node:stream'
import { describeFailure, displayName } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import type { SentRequest } from '../terminal.js'

/**
 * Posts a body. Unlike `fetch`, which allows five minutes, it waits for the response as long as the signal does. Rejects with `IO`,
 * or with the signal's reason.
 */
export async function post({ url, headers, body, signal }: SentRequest): Promise<Response> {
  const send = url.startsWith('https:') ? httpsRequest : httpRequest
  try {
    const message = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = send(url, { method: 'POST', headers, signal, agent: false }, resolve)
      sent.on('error', reject)
      sent.end(body)
    })
    const received = new Headers()
    for (const [name, values] of Object.entries(message.headersDistinct)) {
      for (const value of values ?? []) received.append(name, value)
    }
    const content = Readable.toWeb(message) as ReadableStream<Uint8Array>
    return new Response(content, { status: message.statusCode, headers: received })
  } catch (cause) {
    signal.throwIfAborted()
    const { code } = cause as NodeJS.ErrnoException
    throw new DasllamaError('IO', `${displayName(url)} does not answer: ${describeFailure(cause) || code}`, {
      cause,
    })
  }
}

import { VERSION } from '../../index.js'

/** The beginning of a reply, and of each chunk of one. */
export function replyHeader(
  object: 'chat.completion' | 'chat.completion.chunk' | 'text_completion',
  model: string,
): object {
  return {
    id: `${object === 'text_completion' ? 'cmpl' : 'chatcmpl'}-${crypto.randomUUID()}`,
    object,
    created: Math.floor(Date.now() / 1000),
    model,
    system_fingerprint: `dasllama-${VERSION}`,
  }
}

import { checkBytes } from '../checks.js'
import { DasllamaError } from '../errors.js'
import { hash32 } from '../math/hash.js'
import type { TokenId } from '../tokenizer/tokenizer.js'
import { type ChatMessage, checkHistory } from './message.js'
import type { Omission } from './overflow.js'
import type { TokenSpan, TranscriptState } from './transcript.js'

/**
 * The format of a saved chat. Little-endian:
 *
 * | at | type | content |
 * |---|---|---|
 * | 0 | u8[8] | magic |
 * | 8 | u32 | version of this format |
 * | 12 | u32 | n: length of the conversation |
 * | 16 | u32 | hash (MurmurHash3) of the conversation |
 * | 20 | u8[n] | conversation, JSON in UTF-8, padded with spaces to a multiple of four |
 * | 20 + n | | state of the session, as `session.save()` returns it |
 */
const MAGIC = 'dasschat'
const VERSION = 1
const HEADER_BYTES = 20

/** What a chat saves in addition to its session. */
export interface SavedConversation {
  readonly history: ChatMessage[]
  readonly transcript: TranscriptState
  readonly omission: Omission
  /** The current time for templates, ISO 8601. */
  readonly now: string
}

export function encodeChat(conversation: SavedConversation, session: Uint8Array): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(conversation))
  const length = Math.ceil(json.length / 4) * 4
  const bytes = new Uint8Array(HEADER_BYTES + length + session.length)
  new TextEncoder().encodeInto(MAGIC, bytes)
  bytes.fill(0x20, HEADER_BYTES, HEADER_BYTES + length)
  bytes.set(json, HEADER_BYTES)
  bytes.set(session, HEADER_BYTES + length)
  const view = new DataView(bytes.buffer)
  view.setUint32(8, VERSION, true)
  view.setUint32(12, length, true)
  view.setUint32(16, hash32(bytes.subarray(HEADER_BYTES, HEADER_BYTES + length)), true)
  return bytes
}

/** Throws `BAD_FORMAT` for bytes that are not a saved chat or are damaged, `TRUNCATED`, `UNSUPPORTED` for another version. */
export function decodeChat(
  bytes: Uint8Array,
  vocabSize: number,
): { conversation: SavedConversation; session: Uint8Array } {
  checkBytes('a saved chat', bytes)
  const magic = new TextEncoder().encode(MAGIC)
  if (magic.some((byte, i) => i < bytes.length && bytes[i] !== byte)) {
    throw new DasllamaError('BAD_FORMAT', 'not a saved chat', {
      hint: 'pass bytes that chat.save() returned',
    })
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const end = bytes.length < HEADER_BYTES ? HEADER_BYTES : HEADER_BYTES + view.getUint32(12, true)
  if (bytes.length < end) {
    throw new DasllamaError('TRUNCATED', `the saved chat ends after ${bytes.length} of at least ${end} bytes`)
  }
  const version = view.getUint32(8, true)
  if (version !== VERSION) {
    throw new DasllamaError(
      'UNSUPPORTED',
      `the saved chat has format version ${version}; this package reads ${VERSION}`,
      { hint: 'it was written by another version of dasllama' },
    )
  }
  const json = bytes.subarray(HEADER_BYTES, end)
  if (hash32(json) !== view.getUint32(16, true)) throw damaged('checksum mismatch')
  return { conversation: parseConversation(json, vocabSize), session: bytes.slice(end) }
}

function parseConversation(json: Uint8Array, vocabSize: number): SavedConversation {
  try {
    const { history, transcript, omission, now } = JSON.parse(new TextDecoder().decode(json))
    const isCount = (value: unknown) => Number.isInteger(value) && (value as number) >= 0
    const isId = (id: TokenId) => isCount(id) && id < vocabSize
    let at = 0
    const follows = ({ start, end, ids }: TokenSpan) => {
      const isValid = isCount(start) && isCount(end) && at <= start && start <= end && ids.every(isId)
      at = end
      return isValid
    }
    const messages = checkHistory(history)
    const isConsistent =
      typeof transcript.text === 'string' &&
      transcript.spans.every(follows) &&
      at <= transcript.text.length &&
      [omission.messages, omission.tokens, omission.keep].every(isCount) &&
      omission.messages <= messages.length &&
      !Number.isNaN(Date.parse(now))
    if (!isConsistent) throw new Error('inconsistent fields')
    return { history: messages, transcript, omission, now }
  } catch (cause) {
    throw damaged(`invalid conversation (${(cause as Error).message})`, cause)
  }
}

function damaged(what: string, cause?: unknown): DasllamaError {
  return new DasllamaError('BAD_FORMAT', `the saved chat is damaged: ${what}`, { cause })
}

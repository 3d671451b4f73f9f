import type { Phase } from '../backend/batch.js'
import { KV_TYPES, type KvType, type MemoryRecord } from '../backend/memory.js'
import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { hash32 } from '../math/hash.js'
import { pacer } from '../platform/pacer.js'
import { isBytes } from '../read-list.js'
import type { TokenId } from '../tokenizer/tokenizer.js'
import type { SequenceState } from './sequence.js'
import { readRecords, recordBytes, writeRecords } from './state-records.js'

/**
 * A session as bytes. Little-endian throughout, every part at a multiple of four:
 *
 * | at | type | content |
 * |---|---|---|
 * | 0 | u8[8] | magic |
 * | 8 | u32 | version of this format |
 * | 12 | u32 | MurmurHash3 of all that follows, in pieces of 2^22 bytes, each seeded with the previous hash |
 * | 16 | u64 | total length |
 * | 24 | u8[16] | identity of the model, hexadecimal |
 * | 40 | u32 | KV cache type, by ggml's number |
 * | 44 | u32 | n: evaluated tokens |
 * | 48 | u32 | length of the prefix that no context shift has touched |
 * | 52 | u32 | r: sampled tokens |
 * | 56 | u32 | the token sampled and not evaluated, or 2^32 − 1 |
 * | 60 | u32 | v: vocabulary size if there are logits, otherwise 0 |
 * | 64 | f64 | seed |
 * | 72 | u32[4] | RNG state |
 * | 88 | u32 | length of the prefix that the memory holds; the rest is evaluated again |
 * | 92 | u32 | l: layers with a memory |
 * | 96 | u32[n] | evaluated tokens; upper bit set: phase `prefill` |
 * | | u32[r], i32[r] | sampled tokens, and the positions that they were sampled for |
 * | | f32[v] | logits |
 * | | record[l] | the memory per layer: see `writeRecords` |
 */
const MAGIC = 'dasstate'
const VERSION = 2
const HEADER_BYTES = 96
const HASHED_FROM = 16
/** In bytes; takes a few milliseconds. */
const HASHED_AT_ONCE = 2 ** 22
const NONE = 0xffffffff
const PREFILL = 0x80000000
/** ggml's numbers of the formats. */
const TYPE_NUMBERS: Readonly<Record<KvType, number>> = { f32: 0, f16: 1, q8_0: 8 }

/** What a session saves. */
export interface SessionState {
  readonly sequence: Readonly<SequenceState>
  readonly seed: number
  /** RNG state, u32[4]. */
  readonly random: Uint32Array
  /** After the last evaluated token, f32[vocabSize], if known. */
  readonly logits: Float32Array | undefined
  /** Length of the prefix that the memory holds; the rest of the sequence is a gap. */
  readonly held: number
  readonly records: readonly MemoryRecord[]
}

/** What a state must match. */
export interface StateOwner {
  readonly identity: string
  readonly kvType: KvType
  readonly vocabSize: number
}

/** Serialises the state. Yields to the event loop; rejects with the signal's reason. */
export async function encodeState(
  state: SessionState,
  owner: StateOwner,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const { sequence, seed, random, logits, held, records } = state
  const { ids, phases, previousTokens, previousPositions } = sequence
  const recordsAt = HEADER_BYTES + 4 * (ids.length + 2 * previousTokens.length + (logits?.length ?? 0))
  const bytes = new Uint8Array(recordsAt + recordBytes(records))
  const view = new DataView(bytes.buffer)
  const encoder = new TextEncoder()
  encoder.encodeInto(MAGIC, bytes)
  view.setUint32(8, VERSION, true)
  view.setBigUint64(16, BigInt(bytes.length), true)
  encoder.encodeInto(owner.identity, bytes.subarray(24, 40))
  const setWords = (at: number, words: Iterable<number>): number => {
    for (const word of words) {
      view.setUint32(at, word, true)
      at += 4
    }
    return at
  }
  setWords(40, [
    TYPE_NUMBERS[owner.kvType],
    ids.length,
    sequence.unshiftedLength,
    previousTokens.length,
    sequence.pending ?? NONE,
    logits?.length ?? 0,
  ])
  view.setFloat64(64, seed, true)
  setWords(72, [...random, held, records.length])
  let at = setWords(
    HEADER_BYTES,
    ids.map((id, i) => (phases[i] === 'prefill' ? id + PREFILL : id)),
  )
  at = setWords(at, previousTokens)
  at = setWords(at, previousPositions)
  if (logits) setWords(at, new Uint32Array(logits.buffer, logits.byteOffset, logits.length))
  await writeRecords(records, bytes.subarray(recordsAt), signal)
  view.setUint32(12, await hashOf(bytes, signal), true)
  return bytes
}

/**
 * Reads a state and checks all of it except the contents of the records, which are views of `bytes`. Yields to the event
 * loop. Rejects with `BAD_FORMAT` for bytes that are not a state or are damaged, `TRUNCATED`, `UNSUPPORTED` for another
 * version of the format, `MISMATCH` for another model or type of memory, or the signal's reason.
 */
export async function decodeState(
  bytes: Uint8Array,
  owner: StateOwner,
  signal?: AbortSignal,
): Promise<SessionState> {
  const view = await openState(bytes, signal)
  // The buffer was transferred meanwhile.
  if (bytes.length === 0) throw damaged('its bytes are gone')
  checkOwner(bytes, view, owner)
  const word = (at: number) => view.getUint32(at, true)
  const [count, unshiftedLength, sampled, pending, logitCount] = [44, 48, 52, 56, 60].map(word)
  const [held, layers] = [88, 92].map(word)
  const recordsAt = HEADER_BYTES + 4 * (count + 2 * sampled + logitCount)
  const seed = view.getFloat64(64, true)
  const random = Uint32Array.from([72, 76, 80, 84], word)
  const sound =
    recordsAt <= bytes.length &&
    unshiftedLength <= count &&
    held <= count &&
    (logitCount === 0 || logitCount === owner.vocabSize) &&
    Number.isSafeInteger(seed) &&
    seed >= 0 &&
    random.some((part) => part !== 0)
  if (!sound) throw damaged('its numbers contradict each other')
  const records = readRecords(bytes.subarray(recordsAt), layers, held)
  if (!records) throw damaged('what it holds of the memory is incomplete')
  const checked = (id: TokenId): TokenId => {
    if (id < owner.vocabSize) return id
    throw damaged(`token ${id} is not in the vocabulary`)
  }
  const list = <T>(at: number, length: number, read: (at: number) => T): T[] =>
    Array.from({ length }, (_, i) => read(at + 4 * i))
  const sampledAt = HEADER_BYTES + 4 * count
  const logitsAt = sampledAt + 8 * sampled
  const sequence: SequenceState = {
    ids: list(HEADER_BYTES, count, (at) => checked(word(at) & ~PREFILL)),
    phases: list(HEADER_BYTES, count, (at): Phase => (word(at) >= PREFILL ? 'prefill' : 'decode')),
    unshiftedLength,
    pending: pending === NONE ? undefined : checked(pending),
    previousTokens: list(sampledAt, sampled, (at) => checked(word(at))),
    previousPositions: list(sampledAt + 4 * sampled, sampled, (at) => view.getInt32(at, true)),
  }
  const logits =
    logitCount === 0
      ? undefined
      : Float32Array.from(list(logitsAt, logitCount, (at) => view.getFloat32(at, true)))
  return { sequence, seed, random, logits, held, records }
}

/** Checks that the bytes are complete, undamaged and of the version that this code reads. */
async function openState(bytes: Uint8Array, signal: AbortSignal | undefined): Promise<DataView> {
  if (!isBytes(bytes)) {
    throw new DasllamaError('INVALID_ARGUMENT', `a state must be a Uint8Array, not ${describeValue(bytes)}`)
  }
  const magic = new TextEncoder().encode(MAGIC)
  if (magic.some((byte, i) => i < bytes.length && bytes[i] !== byte)) {
    throw new DasllamaError('BAD_FORMAT', 'these bytes are not the state of a session', {
      hint: 'session.save() gives such bytes',
    })
  }
  // A transferred buffer cannot be viewed.
  if (bytes.length === 0) throw truncated(0, HEADER_BYTES)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (bytes.length >= 12) checkVersion(view.getUint32(8, true))
  if (bytes.length < HEADER_BYTES) throw truncated(bytes.length, HEADER_BYTES)
  const length = Number(view.getBigUint64(16, true))
  if (bytes.length < length) throw truncated(bytes.length, length)
  if (bytes.length > length) throw damaged('its length is not the one that its header names')
  const expected = view.getUint32(12, true)
  if ((await hashOf(bytes, signal)) !== expected) throw damaged('checksum mismatch')
  return view
}

function checkVersion(version: number): void {
  if (version === VERSION) return
  if (version === 0) throw damaged('invalid header')
  const [age, hint] =
    version < VERSION
      ? ['an earlier', 'such states cannot be read any more: start over from the text']
      : ['a newer', 'update dasllama']
  throw new DasllamaError(
    'UNSUPPORTED',
    `the state has format version ${version} and was written by ${age} version of dasllama; this one reads version ${VERSION}`,
    { hint },
  )
}

function checkOwner(bytes: Uint8Array, view: DataView, { identity, kvType }: StateOwner): void {
  const saved = new TextDecoder().decode(bytes.subarray(24, 40))
  if (saved !== identity) {
    throw new DasllamaError(
      'MISMATCH',
      `the state belongs to model ${describeIdentity(saved)}, and this is ${identity}`,
      { hint: 'load the model file that the session ran on' },
    )
  }
  const number = view.getUint32(40, true)
  if (number === TYPE_NUMBERS[kvType]) return
  const savedType = KV_TYPES.find((type) => TYPE_NUMBERS[type] === number)
  throw new DasllamaError(
    'MISMATCH',
    `the state has a cache of ${savedType ?? `format ${number}`}, and this session one of ${kvType}`,
    { hint: savedType && `create the session with kvType "${savedType}"` },
  )
}

function describeIdentity(identity: string): string {
  return /^[0-9a-f]{16}$/.test(identity) ? identity : describeValue(identity)
}

async function hashOf(bytes: Uint8Array, signal: AbortSignal | undefined): Promise<number> {
  let hash = 0
  for (let at = HASHED_FROM; at < bytes.length; at += HASHED_AT_ONCE) {
    hash = hash32(bytes.subarray(at, at + HASHED_AT_ONCE), hash)
    await pacer.yieldIfDue(signal)
  }
  return hash
}

function truncated(found: number, needed: number): DasllamaError {
  return new DasllamaError('TRUNCATED', `the state ends after ${found} of ${needed} bytes`)
}

function damaged(what: string): DasllamaError {
  return new DasllamaError('BAD_FORMAT', `the state is damaged: ${what}`)
}

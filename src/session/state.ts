import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { hash32 } from '../math/hash.js'
import { KV_TYPES, type KvType, kvFormat } from '../model/kv-cache.js'
import { isA } from '../read-list.js'
import type { TokenId } from '../tokenizer/tokenizer.js'
import type { SequenceState } from './sequence.js'

/**
 * A session as bytes. Little-endian throughout, every part at a multiple of four:
 *
 * | at | type | content |
 * |---|---|---|
 * | 0 | u8[8] | magic |
 * | 8 | u32 | version of this format |
 * | 12 | u32 | hash (MurmurHash3) of all that follows |
 * | 16 | u64 | length of the whole |
 * | 24 | u8[16] | identity of the model, hexadecimal |
 * | 40 | u32 | type of the cache, as ggml numbers its formats |
 * | 44 | u32 | n: evaluated tokens |
 * | 48 | u32 | how many of them saw all before them |
 * | 52 | u32 | r: chosen tokens |
 * | 56 | u32 | the token chosen and not evaluated, or 2^32 − 1 |
 * | 60 | u32 | v: size of the vocabulary where there are logits, or 0 |
 * | 64 | f64 | seed |
 * | 72 | u32[4] | state of the random numbers |
 * | 88 | u32[n] | evaluated tokens; the upper bit: went in tiles |
 * | | u32[r], i32[r] | chosen tokens, and the positions that they were chosen for |
 * | | f32[v] | logits |
 * | | | cache: for each layer n rows of keys, then n rows of values |
 */
const MAGIC = 'dasstate'
const VERSION = 1
const HEADER_BYTES = 88
const HASHED_FROM = 16
const NONE = 0xffffffff
const TILED = 0x80000000

/** What a session saves besides its cache. */
export interface SessionState {
  readonly sequence: Readonly<SequenceState>
  readonly seed: number
  /** The random numbers' state, u32[4]. */
  readonly random: Uint32Array
  /** Of the last evaluated token, f32[vocabSize], where they are known. */
  readonly logits: Float32Array | undefined
}

/** What a state must belong to. */
export interface StateOwner {
  readonly identity: string
  readonly kvType: KvType
  readonly vocabSize: number
  /** Bytes of the cache of this many positions. */
  contentBytes(rows: number): number
}

/** The state's bytes; `readCache` fills in those of the cache. */
export function encodeState(
  state: SessionState,
  owner: StateOwner,
  readCache: (target: Uint8Array) => void,
): Uint8Array {
  const { sequence, seed, random, logits } = state
  const { ids, tiled, recent, places } = sequence
  const cacheAt = HEADER_BYTES + 4 * (ids.length + 2 * recent.length + (logits?.length ?? 0))
  const bytes = new Uint8Array(cacheAt + owner.contentBytes(ids.length))
  const view = new DataView(bytes.buffer)
  const encoder = new TextEncoder()
  encoder.encodeInto(MAGIC, bytes)
  view.setUint32(8, VERSION, true)
  view.setBigUint64(16, BigInt(bytes.length), true)
  encoder.encodeInto(owner.identity, bytes.subarray(24))
  const setWords = (at: number, words: Iterable<number>): number => {
    for (const word of words) {
      view.setUint32(at, word, true)
      at += 4
    }
    return at
  }
  setWords(40, [
    kvFormat(owner.kvType).id,
    ids.length,
    sequence.whole,
    recent.length,
    sequence.pending ?? NONE,
    logits?.length ?? 0,
  ])
  view.setFloat64(64, seed, true)
  setWords(72, random)
  let at = setWords(
    HEADER_BYTES,
    ids.map((id, i) => (tiled[i] ? id + TILED : id)),
  )
  at = setWords(at, recent)
  at = setWords(at, places)
  if (logits) setWords(at, new Uint32Array(logits.buffer))
  readCache(bytes.subarray(cacheAt))
  view.setUint32(12, hash32(bytes.subarray(HASHED_FROM)), true)
  return bytes
}

/**
 * Reads a state and checks all of it. `cache` is a view of `bytes`. Throws `BAD_FORMAT` for bytes that are no state or
 * are damaged, `TRUNCATED`, `UNSUPPORTED` for a newer format, `MISMATCH` for another model or cache type.
 */
export function decodeState(
  bytes: Uint8Array,
  owner: StateOwner,
): SessionState & { readonly cache: Uint8Array } {
  const view = openState(bytes)
  checkOwner(bytes, view, owner)
  const word = (at: number) => view.getUint32(at, true)
  const [count, whole, chosen, pending, logitCount] = [44, 48, 52, 56, 60].map(word)
  const cacheAt = HEADER_BYTES + 4 * (count + 2 * chosen + logitCount)
  const seed = view.getFloat64(64, true)
  const random = Uint32Array.from([72, 76, 80, 84], word)
  const sound =
    cacheAt + owner.contentBytes(count) === bytes.length &&
    whole <= count &&
    (logitCount === 0 || logitCount === owner.vocabSize) &&
    Number.isSafeInteger(seed) &&
    seed >= 0 &&
    random.some((part) => part !== 0)
  if (!sound) throw damaged('its numbers contradict each other')
  const checked = (id: TokenId): TokenId => {
    if (id < owner.vocabSize) return id
    throw damaged(`token ${id} is not in the vocabulary`)
  }
  const list = <T>(at: number, length: number, read: (at: number) => T): T[] =>
    Array.from({ length }, (_, i) => read(at + 4 * i))
  const chosenAt = HEADER_BYTES + 4 * count
  const logitsAt = chosenAt + 8 * chosen
  const sequence: SequenceState = {
    ids: list(HEADER_BYTES, count, (at) => checked(word(at) & ~TILED)),
    tiled: list(HEADER_BYTES, count, (at) => word(at) >= TILED),
    whole,
    pending: pending === NONE ? undefined : checked(pending),
    recent: list(chosenAt, chosen, (at) => checked(word(at))),
    places: list(chosenAt + 4 * chosen, chosen, (at) => view.getInt32(at, true)),
  }
  const logits =
    logitCount === 0
      ? undefined
      : Float32Array.from(list(logitsAt, logitCount, (at) => view.getFloat32(at, true)))
  return { sequence, seed, random, logits, cache: bytes.subarray(cacheAt) }
}

/** Checks that these are the whole and undamaged bytes of a state that this version reads. */
function openState(bytes: Uint8Array): DataView {
  if (!isA(Uint8Array, bytes)) {
    throw new DasllamaError('INVALID_ARGUMENT', `a state must be a Uint8Array, not ${describeValue(bytes)}`)
  }
  const magic = new TextEncoder().encode(MAGIC)
  if (magic.some((byte, i) => i < bytes.length && bytes[i] !== byte)) {
    throw new DasllamaError('BAD_FORMAT', 'these bytes are not the state of a session', {
      hint: 'session.save() gives such bytes',
    })
  }
  if (bytes.length < HEADER_BYTES) throw truncated(bytes.length, HEADER_BYTES)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const version = view.getUint32(8, true)
  if (version > VERSION) {
    throw new DasllamaError(
      'UNSUPPORTED',
      `the state has format version ${version}; this package reads up to ${VERSION}`,
      { hint: 'a newer version of dasllama has written it: update' },
    )
  }
  const length = Number(view.getBigUint64(16, true))
  if (bytes.length < length) throw truncated(bytes.length, length)
  if (bytes.length > length || version === 0) throw damaged('its header is not one')
  if (hash32(bytes.subarray(HASHED_FROM)) !== view.getUint32(12, true)) {
    throw damaged('its checksum does not fit')
  }
  return view
}

function checkOwner(bytes: Uint8Array, view: DataView, { identity, kvType }: StateOwner): void {
  const saved = new TextDecoder().decode(bytes.subarray(24, 40))
  if (saved !== identity) {
    throw new DasllamaError('MISMATCH', `the state belongs to model ${saved}, and this is ${identity}`, {
      hint: 'load the model file that the session ran on',
    })
  }
  const format = view.getUint32(40, true)
  if (format === kvFormat(kvType).id) return
  const savedType = KV_TYPES.find((type) => kvFormat(type).id === format)
  throw new DasllamaError(
    'MISMATCH',
    `the state has a cache of ${savedType ?? `format ${format}`}, and this session one of ${kvType}`,
    { hint: savedType && `create the session with kvType "${savedType}"` },
  )
}

function truncated(found: number, needed: number): DasllamaError {
  return new DasllamaError('TRUNCATED', `the state ends after ${found} of ${needed} bytes`)
}

function damaged(what: string): DasllamaError {
  return new DasllamaError('BAD_FORMAT', `the state is damaged: ${what}`)
}

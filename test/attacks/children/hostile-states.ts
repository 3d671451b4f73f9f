/** Saved sessions with wrong numbers and a valid checksum: rejected, or restored to a session that works. */
import { loadModel } from '../../../src/index.js'
import { hash32 } from '../../../src/math/hash.js'
import { smallModel } from '../../model/small.js'
import { RandomBits } from '../../support/random-model/random-bits.js'
import { attackInput, attempt, report } from '../support/attempt.js'

const { states } = attackInput<{ states: number }>()
const model = await loadModel(smallModel(), { threads: 1 })
const random = new RandomBits(5, 'hostile states')
const session = model.createSession({ seed: 1, contextLength: 4096 })
await session.eval(Array.from({ length: 300 }, (_, i) => 3 + ((i * 61) % 390)))
await session.generate(undefined, { temp: 1, maxTokens: 5 }).result()
const state = await session.save()
await session.dispose()
const before = model.memoryBytes

const [count, chosen, logits] = [44, 52, 60].map((at) => new DataView(state.buffer).getUint32(at, true))
const recordsAt = 96 + 4 * (count + 2 * chosen + logits)
/** Offsets of counts and lengths. */
const PLACES = [
  16,
  20,
  40,
  44,
  48,
  52,
  56,
  60,
  88,
  92,
  recordsAt,
  recordsAt + 4,
  recordsAt + 8,
  recordsAt + 12,
]
const VALUES = [
  0,
  1,
  2,
  127,
  128,
  129,
  count - 1,
  count + 1,
  2 ** 16,
  2 ** 24,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
]
const pick = <T>(list: readonly T[]): T => list[random.next() % list.length]

/** The state with one to three of its numbers changed, and sometimes cut or extended. */
function forged(): Uint8Array {
  const length = random.next() % 4 === 0 ? random.next() % (2 * state.length) : state.length
  const bytes = new Uint8Array(length)
  bytes.set(state.subarray(0, length))
  if (length < 24) return bytes
  const view = new DataView(bytes.buffer)
  view.setBigUint64(16, BigInt(length), true)
  for (let changes = 1 + (random.next() % 3); changes > 0; changes--) {
    const at = random.next() % 5 === 0 ? 4 * (random.next() % (length >>> 2)) : pick(PLACES)
    if (at >= 16 && at + 4 <= length) view.setUint32(at, pick(VALUES), true)
  }
  view.setUint32(12, hash32(bytes.subarray(16)), true)
  return bytes
}

for (let index = 0; index < states; index++) {
  const bytes = forged()
  const other = model.createSession({ seed: 2, contextLength: 4096 })
  await attempt(`state ${index}`, () => other.restore(bytes), {
    codes: ['BAD_FORMAT', 'TRUNCATED', 'MISMATCH', 'UNSUPPORTED', 'CONTEXT_FULL'],
    mayBeAccepted: true,
  })
  // In any case the session remains usable.
  await other.reset()
  await other.eval([1, 2, 3])
  await other.dispose()
}
report(model.memoryBytes === before, `${model.memoryBytes - before} bytes are left behind`)
await model.dispose()

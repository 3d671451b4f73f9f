import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openGguf } from '../../src/gguf/reader.js'
import { DasllamaError, inspectModel, loadModel } from '../../src/index.js'
import { bytesSource } from '../../src/storage/bytes.js'
import { smallModel } from '../model/small.js'
import { idsOf } from '../session/collect.js'

const SHAPE = { embed: 32, layers: 1, heads: 2, headDim: 16, feedForward: 32, vocab: 354, context: 64 }
const BYTES = smallModel({ shape: SHAPE, format: 'Q8_0' })

/** Refused with an error of this package, or working to the end. */
async function useModel(bytes: Uint8Array): Promise<'refused' | 'worked'> {
  try {
    const model = await loadModel(bytes, { memoryLimit: 2 ** 26 })
    const session = model.createSession({ seed: 1 })
    await idsOf(session.generate('any words', { maxTokens: 2, temp: 1, topK: 5 }))
    return 'worked'
  } catch (error) {
    if (!(error instanceof DasllamaError)) throw error
    expect(error.message).not.toBe('')
    return 'refused'
  }
}

describe('a damaged file', () => {
  it('is not damaged to begin with', async () => {
    expect(await useModel(BYTES)).toBe('worked')
  })

  it('cut short anywhere is refused', async () => {
    const { tensors } = await openGguf(bytesSource(BYTES))
    const ends = [...tensors.values()].map(({ offset, byteLength }) => offset + byteLength)
    // Only what is behind the last tensor may be missing.
    const needed = Math.max(...ends)
    const lengths = new Set([0, 1, 3, 4, 7, 8, 12, 20, 24, needed - 1])
    for (let length = 25; length < needed; length = Math.ceil(length * 1.07)) lengths.add(length)
    for (const end of ends)
      for (const around of [end - 1, end, end + 1]) if (around < needed) lengths.add(around)
    for (const length of lengths) {
      expect(await useModel(BYTES.subarray(0, length)), `${length} bytes`).toBe('refused')
    }
    expect(await useModel(BYTES.subarray(0, needed))).toBe('worked')
  })

  const header = 12_000
  const flips = (limit: number) =>
    fc.array(fc.tuple(fc.nat(limit - 1), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 })

  it.each([
    ['anywhere', BYTES.length],
    ['in its metadata and directory', header],
    ['in its first keys', 900],
  ])('with bytes flipped %s is refused or works', async (_, limit) => {
    const outcomes = { refused: 0, worked: 0 }
    await fc.assert(
      fc.asyncProperty(flips(limit), async (changes) => {
        const bytes = BYTES.slice()
        for (const [at, bits] of changes) bytes[at] ^= bits
        outcomes[await useModel(bytes)]++
      }),
      { numRuns: 120, seed: 1 },
    )
    expect(outcomes.refused).toBeGreaterThan(0)
    expect(outcomes.worked).toBeGreaterThan(0)
  })

  it('with bytes flipped is inspected, unless it is not a model file any more', async () => {
    await fc.assert(
      fc.asyncProperty(flips(header), async (changes) => {
        const bytes = BYTES.slice()
        for (const [at, bits] of changes) bytes[at] ^= bits
        const readable = await openGguf(bytesSource(bytes)).then(
          () => true,
          () => false,
        )
        const inspected = await inspectModel(bytes).then(
          () => true,
          (error) => {
            expect(error).toBeInstanceOf(DasllamaError)
            return false
          },
        )
        expect(inspected).toBe(readable)
      }),
      { numRuns: 150, seed: 2 },
    )
  })

  it('of random bytes behind the magic is refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 0, maxLength: 400 }), async (tail) => {
        const bytes = Uint8Array.of(0x47, 0x47, 0x55, 0x46, 3, 0, 0, 0, ...tail)
        expect(await useModel(bytes)).toBe('refused')
      }),
      { numRuns: 100, seed: 3 },
    )
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesSource } from '../../src/storage/bytes.js'
import { PartsFiller, readParts } from '../../src/storage/parts.js'
import type { ReadPart } from '../../src/storage/source.js'

const BYTES = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7) % 251)

/** Parts from alternating gaps and lengths; each target lies within a larger buffer. */
function partsOf(steps: readonly (readonly [gap: number, length: number])[]): ReadPart[] {
  let offset = 0
  return steps.map(([gap, length]) => {
    offset += gap
    const part = { offset, target: new Uint8Array(length + 2).subarray(1, length + 1) }
    offset += length
    return part
  })
}

function expectFilled(parts: readonly ReadPart[]): void {
  for (const { offset, target } of parts) {
    expect(target).toEqual(BYTES.subarray(offset, offset + target.length))
    const around = new Uint8Array(target.buffer)
    expect([around[0], around[around.length - 1]]).toEqual([0, 0])
  }
}

const steps = fc.array(fc.tuple(fc.nat(30), fc.nat(60)), { minLength: 1, maxLength: 10 })

describe('parts of a source', () => {
  it('are filled from a run of bytes however it is cut', () => {
    fc.assert(
      fc.property(steps, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (list, cuts) => {
        const parts = partsOf(list)
        const filler = new PartsFiller(parts)
        for (let i = 0; !filler.isFull; i++) {
          const { position } = filler
          filler.write(BYTES.subarray(position, position + cuts[i % cuts.length]))
          expect(filler.position).toBeLessThanOrEqual(filler.end)
        }
        // Bytes after the last part are ignored.
        filler.write(BYTES.subarray(0, 10))
        expectFilled(parts)
      }),
    )
  })

  it('are read one by one from a source that cannot read several', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (list) => {
        const parts = partsOf(list)
        await readParts(bytesSource(BYTES), parts)
        expectFilled(parts)
      }),
    )
  })

  it('are read together if the source supports it', async () => {
    const calls: (readonly ReadPart[])[] = []
    const source = {
      ...bytesSource(BYTES),
      readParts: async (parts: readonly ReadPart[]) => void calls.push(parts),
    }
    const parts = partsOf([
      [0, 5],
      [3, 5],
    ])
    await readParts(source, parts)
    expect(calls).toEqual([parts])
    // One alone is an ordinary read.
    await readParts(source, parts.slice(0, 1))
    expectFilled(parts.slice(0, 1))
    expect(calls).toHaveLength(1)
  })
})

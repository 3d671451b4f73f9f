import { describe, expect, it } from 'vitest'
import { createEngine } from '../../../../src/backend/wasm/engine.js'
import type { Pointer } from '../../../../src/backend/wasm/kernels.js'
import { IQ3_S_NIBBLES, Iq3sRepacker } from '../../../../src/backend/wasm/repack/iq3-s.js'
import { blockFormat } from '../../../../src/gguf/block-formats.js'
import type { StoredTensor } from '../../../../src/gguf/model-file.js'
import { platform } from '../../../../src/platform/node/platform.js'
import { RandomBits } from '../../../support/random-model/random-bits.js'
import { randomBlocks } from '../../../support/random-model/random-blocks.js'

const IQ3_S = blockFormat('IQ3_S')
const ELEMENTS = 7 * 256
const tensor = { format: IQ3_S } as StoredTensor

describe('IQ3_S tensors', () => {
  it.each([
    ['at once', [[0, 7]]],
    [
      'in pieces, the later ones first',
      [
        [5, 7],
        [4, 5],
        [0, 4],
      ],
    ],
  ])('have the weights of the file when they are read %s', async (_, pieces) => {
    const { kernels, arena } = await createEngine(await platform.loadKernels())
    const file = randomBlocks(IQ3_S, ELEMENTS, new RandomBits(5), 0.1)
    const repacker = new Iq3sRepacker({ kernels }, file.length)
    expect(repacker.accepts(tensor)).toBe(true)
    const bytes = repacker.memoryBytes(tensor, file.length)
    expect(bytes).toBe(7 * IQ3_S_NIBBLES.blockBytes)
    const base = arena.allocate(bytes, 'a tensor')
    for (const [first, last] of pieces) {
      const [start, end] = [first * IQ3_S.blockBytes, last * IQ3_S.blockBytes]
      const pointer = (base + repacker.memoryBytes(tensor, end) - (end - start)) as Pointer
      arena.bytes(pointer, end - start).set(file.subarray(start, end))
      repacker.repack({ tensor, pointer, length: end - start })
    }
    const out = arena.allocate(8 * ELEMENTS, 'two rows')
    const source = arena.allocate(file.length, 'the file')
    arena.bytes(source, file.length).set(file)
    const other = (out + 4 * ELEMENTS) as Pointer
    kernels.dequantize(repacker.formatOf().id, base, out, ELEMENTS)
    kernels.dequantize(IQ3_S.id, source, other, ELEMENTS)
    expect(arena.floats(out, ELEMENTS)).toEqual(arena.floats(other, ELEMENTS))
    expect(arena.floats(out, ELEMENTS).some((weight) => weight !== 0)).toBe(true)
  })

  it('of a model whose weights take most of a 32-bit memory stay as in the file, as do other formats', async () => {
    const { kernels } = await createEngine(await platform.loadKernels())
    expect(new Iq3sRepacker({ kernels }, 2.5 * 2 ** 30).accepts(tensor)).toBe(true)
    expect(new Iq3sRepacker({ kernels }, 2.5 * 2 ** 30 + 1).accepts(tensor)).toBe(false)
    const other = { format: blockFormat('IQ3_XXS') } as StoredTensor
    expect(new Iq3sRepacker({ kernels }, 0).accepts(other)).toBe(false)
  })
})

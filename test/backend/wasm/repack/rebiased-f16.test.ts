import { describe, expect, it } from 'vitest'
import { createEngine } from '../../../../src/backend/wasm/engine.js'
import { REBIASED_F16, RebiasedF16Repacker } from '../../../../src/backend/wasm/repack/rebiased-f16.js'
import { f16ToF32, f32ToF16 } from '../../../../src/gguf/half.js'
import type { StoredTensor } from '../../../../src/gguf/model-file.js'
import { type TensorToWrite, writeGguf } from '../../../../src/gguf/writer.js'
import { loadModel } from '../../../../src/index.js'
import { platform } from '../../../../src/platform/node/platform.js'
import { openSmall, smallParts, VOCAB } from '../../../model/small.js'

const LARGE = 'blk.1.ffn_down.weight'

function bytesOf({ data }: TensorToWrite): Uint8Array {
  return (typeof data === 'function' ? data() : data) as Uint8Array
}

/** The small model in F16, with `extra` as the last weight of one matrix; and one of the same weights in F32. */
function f16AndF32Models(extra: number | undefined): [Uint8Array, Uint8Array] {
  const parts = smallParts({ format: 'F16' })
  const halves = parts.tensors.map((tensor) => {
    if (tensor.name !== LARGE || extra === undefined) return tensor
    const bytes = bytesOf(tensor).slice()
    new DataView(bytes.buffer).setUint16(bytes.length - 2, f32ToF16(extra), true)
    return { ...tensor, data: bytes }
  })
  const floats = halves.map((tensor) => {
    if (tensor.format !== 'F16') return tensor
    const bytes = bytesOf(tensor)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const values = Float32Array.from({ length: bytes.length / 2 }, (_, i) =>
      f16ToF32(view.getUint16(2 * i, true)),
    )
    return { ...tensor, format: 'F32', data: new Uint8Array(values.buffer) }
  })
  return [writeGguf({ ...parts, tensors: halves }), writeGguf({ ...parts, tensors: floats })]
}

async function logits(file: Uint8Array): Promise<number[][]> {
  await using model = await loadModel(file, { kernels: 'baseline', threads: 1 })
  const session = model.createSession({ kvType: 'f32' })
  await session.eval(Array.from({ length: 21 }, (_, i) => (i * 37 + 5) % VOCAB))
  const prompt = Array.from(session.logits())
  await session.eval([7])
  return [prompt, Array.from(session.logits())]
}

/** A tensor with 128 or more is not rebiased. */
describe.each([undefined, 127.9375, 128, -65504])('a model with a half of %s', (extra) => {
  it('has the same logits as with the weights in F32, bit for bit', async () => {
    const [halves, floats] = f16AndF32Models(extra)
    expect(await logits(halves)).toEqual(await logits(floats))
  })
})

describe('a tensor that is read in pieces', () => {
  const BELOW_128 = Uint16Array.of(0x3c00, 0x0001, 0x8000)
  const WITH_128 = Uint16Array.of(0x5800, 0x3c00, 0)

  it.each([
    ['is rebiased if each piece is below 128', [BELOW_128, BELOW_128], true],
    ['is restored if a later piece is not', [BELOW_128, WITH_128, BELOW_128], false],
    ['is not changed if the first piece is not', [WITH_128, BELOW_128], false],
  ])('%s', async (_, pieces, rebiased) => {
    const { kernels, arena } = await createEngine(await platform.loadKernels())
    const tensor = (await openSmall({ format: 'F16' })).tensors.get(LARGE) as StoredTensor
    const other = (await openSmall({ format: 'F16' })).tensors.get('blk.0.ffn_down.weight') as StoredTensor
    const halves = new RebiasedF16Repacker({ kernels, arena })
    const take = (values: Uint16Array, of: StoredTensor) => {
      const pointer = arena.allocate(6, 'a piece')
      arena.bytes(pointer, 6).set(new Uint8Array(values.buffer))
      halves.repack({ tensor: of, pointer, length: 6 })
      return () => new Uint16Array(arena.bytes(pointer, 6).slice().buffer)
    }
    const readers = pieces.map((piece) => take(piece, tensor))
    const otherReader = take(BELOW_128, other)
    halves.finish()
    expect(halves.formatOf(tensor).id).toBe(rebiased ? REBIASED_F16.id : tensor.format.id)
    for (const [i, read] of readers.entries()) {
      expect(read()).toEqual(rebiased ? Uint16Array.of(0x6400, 0x0400, 0x8000) : pieces[i])
    }
    expect(halves.formatOf(other)).toBe(REBIASED_F16)
    expect(otherReader()).toEqual(Uint16Array.of(0x6400, 0x0400, 0x8000))
  })

  it('of another format is not changed', async () => {
    const { kernels, arena } = await createEngine(await platform.loadKernels())
    const tensor = (await openSmall()).tensors.get(LARGE) as StoredTensor
    expect(new RebiasedF16Repacker({ kernels, arena }).accepts(tensor)).toBe(false)
  })
})

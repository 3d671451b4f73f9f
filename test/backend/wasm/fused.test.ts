import { describe, expect, it } from 'vitest'
import { blockFormat, bytesFor } from '../../../src/gguf/block-formats.js'
import { type TensorToWrite, writeGguf } from '../../../src/gguf/writer.js'

import { smallParts, VOCAB } from '../../model/small.js'
import { append, decode, engineOf, load, someIds } from './load.js'

const SHAPE = {
  embed: 256,
  layers: 2,
  heads: 8,
  kvHeads: 2,
  headDim: 32,
  feedForward: 256,
  vocab: VOCAB,
  context: 256,
}

/** The parts of each fused matrix and their rows, in order. */
const PARTS: Record<string, readonly (readonly [name: string, rows: number])[]> = {
  attn_qkv: [
    ['attn_q', 256],
    ['attn_k', 64],
    ['attn_v', 64],
  ],
  ffn_up: [
    ['ffn_gate', 256],
    ['ffn_up', 256],
  ],
}

/** Splits a fused matrix, or its bias, as in a file without fused ones. */
function split(tensor: TensorToWrite): TensorToWrite[] {
  const [, layer, name, kind] = /^(blk\.\d+)\.(\w+)\.(weight|bias)$/.exec(tensor.name) ?? []
  if (!(name in PARTS)) return [tensor]
  const data = (typeof tensor.data === 'function' ? tensor.data() : tensor.data) as Uint8Array
  const columns = kind === 'bias' ? 1 : tensor.shape[0]
  const format = typeof tensor.format === 'string' ? blockFormat(tensor.format) : tensor.format
  const rowBytes = bytesFor(format, columns)
  let first = 0
  return PARTS[name].map(([part, rows]) => {
    const bytes = data.slice(first * rowBytes, (first + rows) * rowBytes)
    first += rows
    const shape = kind === 'bias' ? [rows] : [columns, rows]
    return { ...tensor, name: `${layer}.${part}.${kind}`, shape, data: bytes }
  })
}

describe.each(['F32', 'F16', 'Q8_0', 'Q4_0', 'Q4_K', 'Q6_K'])('fused matrices of %s', (format) => {
  it.each(['baseline', 'relaxed'] as const)('give the same bits as separate ones, %s', async (kernels) => {
    const parts = smallParts({ shape: SHAPE, format, fused: ['attn_qkv', 'ffn_up'], biases: true })
    const tensors = parts.tensors.flatMap(split)
    expect(tensors.length).toBeGreaterThan(parts.tensors.length)
    const [fused, separate] = [
      await load(writeGguf(parts), { engine: await engineOf({ kernels }) }),
      await load(writeGguf({ ...parts, tensors }), { engine: await engineOf({ kernels }) }),
    ]
    const [a, b] = [fused.createMemory('f16'), separate.createMemory('f16')]
    const prompt = someIds(75, VOCAB)
    expect(await append(fused, a, prompt, 'prefill')).toEqual(await append(separate, b, prompt, 'prefill'))
    expect(await decode(fused, a, [3, 4])).toEqual(await decode(separate, b, [3, 4]))
  })
})

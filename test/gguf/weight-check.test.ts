import { describe, expect, it } from 'vitest'
import { blockFormat } from '../../src/gguf/block-formats.js'
import { openGguf } from '../../src/gguf/reader.js'
import { embed, loadModel } from '../../src/index.js'
import { bytesSource } from '../../src/storage/bytes.js'
import { smallModel } from '../model/small.js'

/** Non-finite halves, by their name in errors. */
const BAD_HALVES: readonly [string, number][] = [
  ['infinite', 0x7c00],
  ['infinite', 0xfc00],
  ['NaN', 0x7e00],
  ['NaN', 0xffff],
]
const BAD_FLOATS = [0x7f800000, 0xff800000, 0x7fc00000, 0xffffffff]

/** A model with something else in one tensor, at `byte` of it. */
async function damaged(bytes: Uint8Array, name: string, byte: number, value: number, size: 1 | 2 | 4) {
  const copy = bytes.slice()
  const file = await openGguf(bytesSource(copy, 'damaged.gguf'))
  const { offset, byteLength } = file.tensors.get(name)!
  const at = offset + (byte < 0 ? byteLength + byte : byte)
  const view = new DataView(copy.buffer)
  if (size === 1) view.setUint8(at, value)
  else if (size === 2) view.setUint16(at, value, true)
  else view.setUint32(at, value, true)
  return bytesSource(copy, 'damaged.gguf')
}

const SHAPE = { embed: 256, layers: 1, heads: 4, kvHeads: 4, feedForward: 256, vocab: 400, context: 64 }
const NAME = 'blk.0.ffn_down.weight'

describe('non-finite weights', () => {
  it.each([
    ['Q4_0', [0]],
    ['Q4_1', [0, 2]],
    ['Q5_0', [0]],
    ['Q5_1', [0, 2]],
    ['Q8_0', [0]],
    ['Q2_K', [80, 82]],
    ['Q3_K', [108]],
    ['Q4_K', [0, 2]],
    ['Q5_K', [0, 2]],
    ['Q6_K', [208]],
    ['IQ2_XXS', [0]],
    ['IQ2_XS', [0]],
    ['IQ2_S', [0]],
    ['IQ3_XXS', [0]],
    ['IQ3_S', [0]],
    ['IQ1_S', [0]],
    ['IQ4_NL', [0]],
    ['IQ4_XS', [0]],
    ['TQ1_0', [52]],
    ['TQ2_0', [64]],
    ['Q1_0', [0]],
    ['Q2_0', [0]],
    ['F16', [0]],
  ] as const)('in %s are rejected, and the tensor is named', async (format, places) => {
    const bytes = smallModel({ shape: SHAPE, format })
    const { blockBytes } = blockFormat(format)
    for (const place of places) {
      // In the first block, in some other one and in the last.
      for (const byte of [place, place + 5 * blockBytes, place - blockBytes]) {
        for (const [what, half] of BAD_HALVES) {
          const source = await damaged(bytes, NAME, byte, half, 2)
          await expect(loadModel(source)).rejects.toMatchObject({
            code: 'BAD_FORMAT',
            message: expect.stringMatching(new RegExp(`^damaged.gguf: tensor "${NAME}" has an? .* ${what}`)),
          })
        }
        const model = await loadModel(await damaged(bytes, NAME, byte, 0x3c00, 2))
        model.dispose()
      }
    }
  })

  it('in IQ1_M, whose scales are in the top bits of four words, are rejected, and the tensor is named', async () => {
    const bytes = smallModel({ shape: SHAPE, format: 'IQ1_M' })
    const { blockBytes } = blockFormat('IQ1_M')
    const topWords = (half: number) => (((half >>> 12) << 28) | (((half >>> 8) & 15) << 12)) >>> 0
    for (const byte of [52, 52 + 5 * blockBytes, 52 - blockBytes]) {
      for (const [what, half] of BAD_HALVES) {
        const source = await damaged(bytes, NAME, byte, topWords(half), 4)
        await expect(loadModel(source)).rejects.toMatchObject({
          code: 'BAD_FORMAT',
          message: expect.stringMatching(new RegExp(`^damaged.gguf: tensor "${NAME}" has a scale .*${what}`)),
        })
      }
      const model = await loadModel(await damaged(bytes, NAME, byte, topWords(0x7bff), 4))
      model.dispose()
    }
  })

  it('in MXFP4, whose scales are powers of two, are rejected, and the tensor is named', async () => {
    const bytes = smallModel({ shape: SHAPE, format: 'MXFP4' })
    for (const byte of [0, 5 * 17, -17]) {
      await expect(loadModel(await damaged(bytes, NAME, byte, 0xff, 1))).rejects.toMatchObject({
        code: 'BAD_FORMAT',
        message: expect.stringMatching(
          new RegExp(`^damaged.gguf: tensor "${NAME}" has a scale that is NaN in block`),
        ),
      })
      const model = await loadModel(await damaged(bytes, NAME, byte, 0xfe, 1))
      model.dispose()
    }
  })

  it('in norms are rejected, and the tensor is named', async () => {
    const bytes = smallModel()
    for (const name of ['blk.0.attn_norm.weight', 'blk.1.ffn_norm.weight', 'output_norm.weight']) {
      for (const bits of BAD_FLOATS) {
        const source = await damaged(bytes, name, 12, bits, 4)
        await expect(loadModel(source)).rejects.toMatchObject({
          code: 'BAD_FORMAT',
          message: expect.stringMatching(new RegExp(`tensor "${name}" has -?(NaN|Infinity) at index 3`)),
        })
      }
    }
  })

  // For token embeddings, the row of the text's first token.
  it.each(['F32', 'BF16'])('in matrices of %s show in logits and embeddings', async (format) => {
    const bytes = smallModel({ format })
    const size = format === 'F32' ? 4 : 2
    const row = 5 * 96 * size
    const places: [string, number][] = [
      ['token_embd.weight', row],
      ['output.weight', row],
      ...['attn_q', 'attn_k', 'attn_v', 'attn_output', 'ffn_gate', 'ffn_up', 'ffn_down'].flatMap((name) =>
        [0, 1].map((layer): [string, number] => [`blk.${layer}.${name}.weight`, 0]),
      ),
    ]
    for (const [name, byte] of places) {
      const bits = size === 4 ? 0x7fc00000 : 0x7fc0
      const model = await loadModel(await damaged(bytes, name, byte, bits, size), { kernels: 'baseline' })
      const failure = { name: 'DasllamaError', code: 'NOT_A_NUMBER' }
      for (const ids of [[5], [5, 6, 7, 8, 9]]) {
        const session = model.createSession()
        await expect(session.eval(ids), name).rejects.toMatchObject({
          ...failure,
          message: expect.stringMatching(
            /^the model's (logits|queries|keys|values) are not numbers \(NaN or infinite\)$/,
          ),
        })
        await expect(collect(session.generate(ids)), name).rejects.toMatchObject(failure)
        expect(() => session.sample()).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
        session.dispose()
        if (name !== 'output.weight') {
          await expect(embed(model, ids), name).rejects.toMatchObject({
            ...failure,
            message: expect.stringMatching(/^the model's (hidden states|queries|keys|values)/),
          })
        }
      }
      model.dispose()
    }
  })
})

async function collect(generation: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of generation);
}

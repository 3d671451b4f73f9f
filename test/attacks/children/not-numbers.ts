/** Weights that are NaN or infinite, in any tensor and format: never accepted silently. */
import { blockFormat } from '../../../src/gguf/block-formats.js'
import { openGguf } from '../../../src/gguf/reader.js'
import { embed, loadModel } from '../../../src/index.js'
import { bytesSource } from '../../../src/storage/bytes.js'
import { smallModel } from '../../model/small.js'
import { attackInput, attempt } from '../support/attempt.js'

const { formats } = attackInput<{ formats: string[] }>()
const SHAPE = { embed: 256, layers: 2, heads: 4, kvHeads: 2, feedForward: 256, vocab: 400, context: 64 }
const TENSORS = ['attn_q', 'attn_k', 'attn_v', 'attn_output', 'ffn_gate', 'ffn_up', 'ffn_down']

/** Inserted values, by the bytes of a value in this format. */
const BITS: Readonly<Record<string, readonly number[]>> = {
  F32: [0x7fc00000, 0x7f800000, 0xff800000, 0x7fffffff],
  BF16: [0x7fc0, 0x7f80, 0xff80, 0x7fff],
}
/** Offset of the first f16 scale in a block. */
const SCALE_AT: Readonly<Record<string, number>> = { Q2_K: 80, Q3_K: 108, Q6_K: 208 }

for (const format of formats) {
  const whole = smallModel({ shape: SHAPE, format })
  for (const tensor of TENSORS) {
    for (const bits of BITS[format] ?? [0x7e00, 0x7c00, 0xfc00, 0x7fff]) {
      const bytes = whole.slice()
      const file = await openGguf(bytesSource(bytes, 'damaged.gguf'))
      const { offset } = file.tensors.get(`blk.1.${tensor}.weight`)!
      const view = new DataView(bytes.buffer)
      const at = offset + 3 * blockFormat(format).blockBytes + (SCALE_AT[format] ?? 0)
      if (format === 'F32') view.setUint32(at, bits, true)
      else view.setUint16(at, bits, true)
      await attempt(
        `${format} ${tensor} ${bits.toString(16)}`,
        async () => {
          const model = await loadModel(bytes)
          try {
            await embed(model, [5, 6, 7])
          } finally {
            model.dispose()
          }
        },
        { codes: ['BAD_FORMAT', 'NOT_A_NUMBER'] },
      )
    }
  }
}

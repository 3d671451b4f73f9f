import { readFile } from 'node:fs/promises'
import { f32, u32 } from '../../src/gguf/typed-value.js'
import { writeGguf } from '../../src/gguf/writer.js'
import { TINY_STORIES } from '../support/model-files.js'
import { randomModel } from '../support/random-model/random-model.js'

/** Models that whole files are compared for, and the file types. */
export const QUANTIZED: readonly {
  readonly name: string
  readonly types: readonly string[]
  read(): Promise<Uint8Array>
}[] = [
  { name: 'tiny-stories', types: ['Q4_K_M'], read: () => readFile(TINY_STORIES) },
  {
    name: 'rows of 96',
    types: ['F16', 'BF16', 'Q4_0', 'Q8_0', 'Q4_K_M', 'Q5_K_M', 'Q6_K', 'IQ4_XS'],
    read: async () =>
      writeGguf(
        randomModel({
          shape: { embed: 96, heads: 3, kvHeads: 1, layers: 3, feedForward: 256, vocab: 401, context: 64 },
          format: 'F32',
          seed: 11,
          // Kept with their types, but the last two are set.
          metadata: [
            ['general.some_number', f32(0.1)],
            ['general.quantization_version', u32(1)],
            ['general.file_type', u32(0)],
          ],
        }),
      ),
  },
]

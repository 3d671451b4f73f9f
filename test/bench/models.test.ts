import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { CATALOG, chooseModels } from '../../bench/models/catalog.js'
import { checkpointToGguf } from '../../bench/models/checkpoint-to-gguf.js'
import { MIXES_1_1B, MIXES_135M, SHAPE_1_1B, SHAPE_135M } from '../../bench/models/mixes.js'
import { workPerToken } from '../../bench/models/work.js'
import { openModelFile } from '../../src/gguf/open.js'
import { openGguf } from '../../src/gguf/reader.js'
import { StringList } from '../../src/gguf/string-list.js'
import { writeGguf } from '../../src/gguf/writer.js'
import { platform } from '../../src/platform/node/platform.js'
import { bytesSource } from '../../src/storage/bytes.js'
import { STORIES_15M, temporaryFolder, tensorBytes } from '../support/model-files.js'
import { randomModel } from '../support/random-model/random-model.js'

it('chooses models by name, or files by path', () => {
  expect(chooseModels(undefined)).toEqual(CATALOG)
  expect(chooseModels(['STORIES15m', 'some/file.gguf']).map(({ name }) => name)).toEqual([
    'stories15M',
    'file.gguf',
  ])
  expect(() => chooseModels(['stories'])).toThrow('no model stories: tiny-stories, stories15M')
})

it('computes the minimum work of a token', async () => {
  // Tied: the embedding is the output matrix, so decoding reads all bytes. Four layers of width 256.
  expect(await workPerToken('models/tiny-stories.Q8_0.gguf')).toEqual({
    decodeBytes: 3_073_024,
    prefillMacs: 4 * 256 * (256 + 128 + 128 + 256 + 3 * 512),
  })
  await using folder = await temporaryFolder()
  const shape = { embed: 32, layers: 1, heads: 1, feedForward: 64, vocab: 400, context: 8 }
  const path = join(folder.path, 'untied.gguf')
  await writeFile(path, writeGguf(randomModel({ shape, format: 'F16' })))
  const macs = 32 * (4 * 32 + 3 * 64)
  expect(await workPerToken(path)).toEqual({
    decodeBytes: 2 * (macs + 32 * 400) + 4 * 3 * 32,
    prefillMacs: macs,
  })
})

const plain = (value: unknown) => (value instanceof StringList ? [...value] : value)

it('writes a checkpoint as GGUF without changing a weight', async () => {
  const checkpoint = await openModelFile(await platform.openPath(STORIES_15M))
  const gguf = await openGguf(bytesSource(writeGguf(await checkpointToGguf(STORIES_15M))))
  expect([...gguf.tensors.keys()]).toEqual([...checkpoint.tensors.keys()])
  for (const { name, shape } of checkpoint.tensors.values())
    expect(gguf.tensors.get(name)?.shape).toEqual(shape)
  for (const name of ['token_embd.weight', 'blk.5.ffn_down.weight', 'output_norm.weight']) {
    const [written, original] = [await tensorBytes(gguf, name), await tensorBytes(checkpoint, name)]
    expect(Buffer.compare(written, original), name).toBe(0)
  }
  const rounded = 'llama.attention.layer_norm_rms_epsilon'
  for (const [key, value] of checkpoint.metadata.entries()) {
    const written = gguf.metadata.get(key)
    if (key === rounded) expect(written).toBe(Math.fround(value as number))
    // Long lists of strings are stored differently from short ones.
    else expect(plain(written), key).toEqual(plain(value))
  }
  await checkpoint.close()
})

const MADE_OF_135M = { mixes: MIXES_135M, shape: SHAPE_135M, tied: true }
const MADE_OF_1_1B = { mixes: MIXES_1_1B, shape: SHAPE_1_1B, tied: false }

it.each([
  { model: '135M', ...MADE_OF_135M, mix: 'Q8_0', formats: { Q8_0: 211 } },
  { model: '135M', ...MADE_OF_135M, mix: 'Q4_0', formats: { Q8_0: 1, Q4_0: 210 } },
  { model: '135M', ...MADE_OF_135M, mix: 'F16', formats: { F16: 211 } },
  // The embedding and 14 of 30 value projections; 14 and 16 down projections; all the others.
  {
    ...{ model: '135M', ...MADE_OF_135M, mix: 'Q4_K_M' },
    formats: { Q8_0: 15, Q5_0: 166, Q6_K: 14, Q4_K: 16 },
  },
  { model: '1.1B', ...MADE_OF_1_1B, mix: 'Q8_0', formats: { Q8_0: 156 } },
  { model: '1.1B', ...MADE_OF_1_1B, mix: 'Q4_0', formats: { Q6_K: 1, Q4_0: 155 } },
  // The output matrix, and value and down projections of 10 of 22 layers.
  { model: '1.1B', ...MADE_OF_1_1B, mix: 'Q4_K_M', formats: { Q6_K: 21, Q4_K: 135 } },
])(
  "has llama-quantize's mix of $mix for $model, with formats that all fit the shape",
  ({ mix, mixes, shape, tied, formats }) => {
    const { tensors } = randomModel({ shape, format: mixes[mix], tied })
    const counts: Record<string, number> = {}
    for (const { format, shape } of tensors) {
      const name = typeof format === 'string' ? format : format.name
      if (shape.length > 1) counts[name] = (counts[name] ?? 0) + 1
    }
    expect(counts).toEqual(formats)
  },
)

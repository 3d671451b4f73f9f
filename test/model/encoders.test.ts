import { describe, expect, it } from 'vitest'
import { createEngine } from '../../src/backend/wasm/engine.js'
import { WasmExecutable } from '../../src/backend/wasm/executable.js'
import { openGguf } from '../../src/gguf/reader.js'
import { writeGguf } from '../../src/gguf/writer.js'
import { planModel } from '../../src/model/plan.js'
import { platform } from '../../src/platform/node/platform.js'
import { bytesSource } from '../../src/storage/bytes.js'
import { ENCODER_CASES, RERANKER_CASES } from '../support/family-models/encoders.js'
import { relativeDifference } from '../support/logits.js'
import { type ModelCase, randomIds } from '../support/random-models.js'
import { ReferenceModel } from './reference.js'
import { ReferenceText } from './reference-text.js'

async function loaded({ parts }: ModelCase) {
  const file = await openGguf(bytesSource(writeGguf(parts)))
  const { program } = planModel(file)
  expect([...parts.tensors].map(({ name }) => name).sort()).toEqual([...program.tensors.keys()].sort())
  const engine = await createEngine(await platform.loadKernels())
  const executable = await WasmExecutable.load(file, program, engine)
  return { executable, truth: new ReferenceText(await ReferenceModel.read(file)), program }
}

/** The limit on relative differences of hidden states. */
function limitOf(format: string): number {
  return format === 'F32' ? 1e-5 : 1e-3
}

describe('hidden states of whole texts', () => {
  it.each(ENCODER_CASES)('$name', async (modelCase) => {
    const { format, vocab, name, prompts = [] } = modelCase
    const { executable, truth } = await loaded(modelCase)
    const before = executable.bytesInUse
    // The longest text takes the reference a second: once is enough for formats.
    for (const length of format === 'F32' ? prompts : prompts.slice(1)) {
      const ids = randomIds(length, vocab, name)
      const expected = truth.hiddenStates(ids)
      const outputs = [...new Set([0, length >> 1, length - 1])]
      const rows: number[] = []
      await executable.runText({ ids, outputs }, (row, values) => {
        rows.push(row)
        expect(relativeDifference(values, expected[row]), `row ${row} of ${length}`).toBeLessThan(
          limitOf(format),
        )
      })
      expect(rows).toEqual(outputs)
      expect(executable.bytesInUse).toBe(before)
    }
    await executable.dispose()
  })
})

describe('what follows pooling', () => {
  const cases = [...RERANKER_CASES, ...ENCODER_CASES].filter(({ name }) =>
    /pooling|layer|label|score|yes/.test(name),
  )

  it.each(cases.filter(({ parts }) => [...parts.tensors].some(({ name }) => /^(cls|dense)/.test(name))))(
    '$name',
    async (modelCase) => {
      const { executable, truth, program } = await loaded(modelCase)
      const width = executable.embeddingLength
      const vectors = Float32Array.from({ length: 3 * width }, (_, i) => Math.sin(i))
      const results = await executable.runPooledHead(vectors)
      expect(executable.pooledWidth).toBe(program.afterPooling?.output.width)
      for (let row = 0; row < 3; row++) {
        const vector = vectors.slice(row * width, (row + 1) * width)
        const expected = truth.afterPooling(Float64Array.from(vector))
        const actual = results.slice(row * expected.length, (row + 1) * expected.length)
        for (const [i, value] of actual.entries()) expect(Math.abs(value - expected[i])).toBeLessThan(1e-4)
        expect(await executable.runPooledHead(vector)).toEqual(actual)
      }
      await executable.dispose()
    },
  )
})

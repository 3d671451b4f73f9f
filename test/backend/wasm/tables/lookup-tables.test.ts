import { expect, it } from 'vitest'
import { WasmExecutable } from '../../../../src/backend/wasm/executable.js'
import { CACHED_ROWS } from '../../../../src/backend/wasm/tables/file-table.js'
import { lookupTables } from '../../../../src/backend/wasm/tables/lookup-tables.js'
import { openGguf } from '../../../../src/gguf/reader.js'
import { bool } from '../../../../src/gguf/typed-value.js'
import { writeGguf } from '../../../../src/gguf/writer.js'
import { planModel } from '../../../../src/model/plan.js'
import { bytesSource } from '../../../../src/storage/bytes.js'
import { openSmall, smallModel } from '../../../model/small.js'
import { changeableSource } from '../../../support/changeable-source.js'
import { GEMMA4_CASES } from '../../../support/family-models/gemma4.js'
import { randomModel } from '../../../support/random-model/random-model.js'
import type { ModelCase } from '../../../support/random-models.js'
import { TABLES, twoTableOptions } from '../../../support/two-tables.js'
import { append, decode, engineOf, expectSameBits, load, outputsOf, prefill, someIds } from '../load.js'

const VOCAB = 1500

async function fileOf(bytes: Uint8Array) {
  return openGguf(bytesSource(bytes, 'm.gguf'))
}

/** The model's bytes, and where a row of its second table begins. */
async function twoTables(format?: Parameters<typeof twoTableOptions>[0]) {
  const bytes = writeGguf(randomModel(twoTableOptions(format)))
  const table = (await fileOf(bytes)).tensors.get(TABLES[1])!
  const rowBytes = table.byteLength / VOCAB
  return { bytes, rowBytes, offsetOf: (row: number) => table.offset + row * rowBytes }
}

it('are matrices that only embeddings of tokens read', async () => {
  const tied = await openSmall({ tied: true })
  expect(lookupTables(planModel(tied).program)).toEqual([])
  expect(lookupTables(planModel(await openSmall()).program)).toEqual(['token_embd.weight'])
  const { bytes } = await twoTables()
  expect(lookupTables(planModel(await fileOf(bytes)).program)).toEqual(TABLES)
})

it.each(['F32', 'F16', 'BF16', 'Q4_0', 'Q8_0', 'Q6_K', 'IQ3_S'])(
  'in the file give the same bits as in memory, in %s',
  async (format) => {
    const wide = { shape: { ...twoTableOptions().shape, embed: 256, heads: 4, feedForward: 256 } }
    const bytes = writeGguf(randomModel({ ...twoTableOptions(format), ...wide }))
    const inMemory = await load(bytes)
    const inFile = await load(bytes, { lookupTables: 'file' })
    const [a, b] = [inMemory, inFile].map((executable) => executable.createMemory('f16'))
    const ids = someIds(150, VOCAB)
    expectSameBits(await prefill(inFile, b, ids), await prefill(inMemory, a, ids))
    expectSameBits(await decode(inFile, b, [1, 2, 1499, 1]), await decode(inMemory, a, [1, 2, 1499, 1]))
  },
)

function hasTable({ parts }: ModelCase): boolean {
  return Array.from(parts.tensors).some(({ name }) => name === 'per_layer_token_embd.weight')
}

it.each(['gemma4', 'gemma3n'])(
  'are the embeddings per layer of %s, with the same bits',
  async (architecture) => {
    const { parts, vocab } = GEMMA4_CASES.find(
      (model) => model.architecture === architecture && hasTable(model),
    )!
    const bytes = writeGguf(parts)
    const tables = lookupTables(planModel(await fileOf(bytes)).program)
    expect(tables).toContain('per_layer_token_embd.weight')
    const [inMemory, inFile] = await Promise.all([load(bytes), load(bytes, { lookupTables: 'file' })])
    const [a, b] = [inMemory, inFile].map((executable) => executable.createMemory('f16'))
    const ids = someIds(140, vocab)
    expectSameBits(await prefill(inFile, b, ids), await prefill(inMemory, a, ids))
    expectSameBits(await decode(inFile, b, [1, 2, 3]), await decode(inMemory, a, [1, 2, 3]))
  },
)

it('keep their bits when their rows are evicted and read again, in batches of several sequences', async () => {
  const { bytes, rowBytes } = await twoTables()
  const inMemory = await load(bytes)
  const { source, state } = changeableSource(bytes)
  const inFile = await load(source, { lookupTables: 'file' })
  const memories = [inMemory, inFile].map((executable) => [0, 1].map(() => executable.createMemory('f32')))
  state.reads.length = 0
  for (let turn = 0; turn < 26; turn++) {
    // 64 rows that lie apart, and 64 that are neighbours; most of them come again after more than `CACHED_ROWS` others.
    const ids = Array.from({ length: 128 }, (_, i) =>
      i < 64 ? (turn * 64 + i * 7) % VOCAB : (turn * 61 + i) % VOCAB,
    )
    const [expected, actual] = await Promise.all(
      [inMemory, inFile].map((executable, i) =>
        outputsOf(executable, {
          ids,
          positions: [...ids.keys()].map((row) => turn * 64 + (row % 64)),
          runs: memories[i].map((memory, n) => ({
            memory,
            firstRow: n * 64,
            rows: 64,
            phase: 'prefill' as const,
          })),
          outputs: [63, 127],
        }),
      ),
    )
    expectSameBits([...actual.values()], [...expected.values()])
  }
  const rowsRead = state.reads.flat().reduce((sum, range) => sum + Number(range.split('+')[1]) / rowBytes, 0)
  expect(rowsRead).toBeGreaterThan(2 * (VOCAB + 100))
  expect(rowsRead).toBeLessThan(26 * 256)
})

it('are read a row per token of decode, and not again while the row is in memory', async () => {
  const { bytes, offsetOf, rowBytes } = await twoTables()
  const { source, state } = changeableSource(bytes)
  const executable = await load(source, { lookupTables: 'file' })
  const memory = executable.createMemory('f16')
  state.reads.length = 0
  await decode(executable, memory, [700, 20, 700, 20])
  expect(state.reads).toHaveLength(4)
  expect(state.reads.flat()).toContain(`${offsetOf(700)}+${rowBytes}`)
})

it('are read by neighbouring rows together, and by one request where the source can skip bytes', async () => {
  const { bytes, offsetOf, rowBytes } = await twoTables()
  const ids = [10, 11, 12, 40, 11, 900, 10]
  const readsOf = async (canReadParts: boolean) => {
    const { source, state } = changeableSource(bytes, { canReadParts })
    const executable = await load(source, { lookupTables: 'file' })
    state.reads.length = 0
    await append(executable, executable.createMemory('f16'), ids, 'prefill')
    return state.reads
  }
  const ofSecond = [
    `${offsetOf(10)}+${3 * rowBytes}`,
    `${offsetOf(40)}+${rowBytes}`,
    `${offsetOf(900)}+${rowBytes}`,
  ]
  const apart = await readsOf(false)
  expect(apart).toHaveLength(6)
  expect(apart).toEqual(expect.arrayContaining(ofSecond.map((range) => [range])))
  expect(await readsOf(true)).toContainEqual(ofSecond)
})

it('give encoders the same bits, whose texts are longer than a batch', async () => {
  const encoder = smallModel({ hyperparameters: { 'attention.causal': bool(false) } })
  const ids = someIds(300, 400)
  const statesOf = async (lookupTables: 'memory' | 'file') => {
    const executable = await load(encoder, { lookupTables })
    const states: Float32Array[] = []
    await executable.runText({ ids, outputs: [0, 130, 299] }, (_, values) => void states.push(values.slice()))
    return states
  }
  expectSameBits(await statesOf('file'), await statesOf('memory'))
})

it('take the memory of the rows that are kept', async () => {
  const { bytes, rowBytes } = await twoTables()
  const file = await fileOf(bytes)
  const { program } = planModel(file)
  const engine = await engineOf()
  const [inMemory, inFile] = (['memory', 'file'] as const).map((lookupTables) =>
    WasmExecutable.memoryFor(file, program, engine, { lookupTables, available: 0 }),
  )
  const saved = 2 * (VOCAB - CACHED_ROWS) * rowBytes
  // Tensors begin at multiples of 64 bytes.
  expect(Math.abs(inMemory.bytes - inFile.bytes - saved)).toBeLessThan(2 * 64)
  expect(inFile.inFile.map(({ name }) => name)).toEqual(TABLES)
})

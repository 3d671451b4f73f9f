import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { openGguf } from '../../../../src/gguf/reader.js'
import { writeGguf } from '../../../../src/gguf/writer.js'
import { DasllamaError } from '../../../../src/index.js'
import { bytesSource } from '../../../../src/storage/bytes.js'
import { changeableSource } from '../../../support/changeable-source.js'
import { randomModel } from '../../../support/random-model/random-model.js'
import { TABLES, twoTableOptions } from '../../../support/two-tables.js'
import { append, expectSameBits, load } from '../load.js'

const BYTES = writeGguf(randomModel(twoTableOptions()))
const ROW = 77

/** A model with its tables in the file, a memory with a few tokens, and the logits of `ROW` after them. */
async function loaded() {
  const bytes = BYTES.slice()
  const { source, state } = changeableSource(bytes)
  const executable = await load(source, { lookupTables: 'file' })
  const begin = async (of: typeof executable) => {
    const memory = of.createMemory('f16')
    await append(of, memory, [5, 6, 7, 8, 9], 'prefill')
    return memory
  }
  const inMemory = await load(BYTES)
  const expected = await append(inMemory, await begin(inMemory), [ROW], 'decode')
  const memory = await begin(executable)
  const table = (await openGguf(bytesSource(bytes))).tensors.get(TABLES[1])!
  const at = table.offset + (ROW * table.byteLength) / 1500
  const next = (signal?: AbortSignal) => append(executable, memory, [ROW], 'decode', { signal })
  return { bytes, state, executable, memory, expected, at, next }
}

it('a row that has changed is an error that names it, until it is restored', async () => {
  const { bytes, memory, expected, at, next } = await loaded()
  bytes[at + 3] ^= 1
  for (let attempt = 0; attempt < 2; attempt++) {
    await expect(next()).rejects.toMatchObject({
      name: 'DasllamaError',
      code: 'IO',
      message: `m.gguf: tensor "second_embd.weight": row ${ROW} is not the one that was loaded: the file was changed`,
      hint: expect.stringContaining('restore the file'),
    })
    expect(memory.length).toBe(5)
  }
  bytes[at + 3] ^= 1
  expectSameBits(await next(), expected)
})

it.each([
  [new DasllamaError('TRUNCATED', 'm.gguf: the file ends here'), 'TRUNCATED', 'the file ends here'],
  [new Error('the disk is gone'), 'IO', 'the disk is gone'],
])('a row that cannot be read is an error that names it: %s', async (failure, code, reason) => {
  const { state, memory, expected, next } = await loaded()
  state.failure = failure
  const error = await next().catch((error) => error)
  expect(error).toMatchObject({ name: 'DasllamaError', code, cause: failure })
  expect(error.message).toMatch(
    new RegExp(`tensor "(token|second)_embd.weight": row ${ROW} cannot be read: .*${reason}`),
  )
  expect(memory.length).toBe(5)
  state.failure = undefined
  expectSameBits(await next(), expected)
})

it('an abort ends the wait for a row, and what arrives late is not used', async () => {
  const { bytes, state, memory, expected, at, next } = await loaded()
  let open = () => {}
  state.gate = new Promise((resolve) => {
    open = resolve
  })
  const controller = new AbortController()
  const reason = new Error('no longer wanted')
  const running = next(controller.signal)
  await new Promise((resolve) => setTimeout(resolve, 5))
  controller.abort(reason)
  // The source knows nothing of signals, and finishes its read.
  bytes[at] ^= 1
  open()
  await expect(running).rejects.toBe(reason)
  expect(memory.length).toBe(5)
  bytes[at] ^= 1
  state.gate = undefined
  expectSameBits(await next(), expected)
})

it('dispose() ends the wait for a row, and closes the file once', async () => {
  const { state, executable, next } = await loaded()
  state.gate = new Promise(() => {})
  const running = expect(next()).rejects.toMatchObject({ code: 'DISPOSED' })
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect(state.closed).toBe(0)
  await Promise.all([executable.dispose(), executable.dispose(), running])
  expect(state.closed).toBe(1)
  await expect(next()).rejects.toMatchObject({ code: 'DISPOSED' })
})

it('a model that is forgotten closes its file', async () => {
  const state = await (async () => (await loaded()).state)()
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const closed = () => {
    collect()
    return state.closed
  }
  await expect.poll(closed, { timeout: 20_000 }).toBe(1)
})

it('damaged tables are found when the model is loaded', async () => {
  const bytes = writeGguf(randomModel(twoTableOptions('F16')))
  const table = (await openGguf(bytesSource(bytes))).tensors.get(TABLES[1])!
  new DataView(bytes.buffer, bytes.byteOffset).setUint16(table.offset + 4 * 1001, 0x7c00, true)
  await expect(load(bytes, { lookupTables: 'file' })).rejects.toMatchObject({
    code: 'BAD_FORMAT',
    message: 'm.gguf: tensor "second_embd.weight" has an f16 value that is infinite; weights must be finite',
  })
})

import { describe, expect, it } from 'vitest'
import { type Batch, batchOf, type Phase } from '../../../src/backend/batch.js'
import type { Executable } from '../../../src/backend/executable.js'
import { WasmExecutable } from '../../../src/backend/wasm/executable.js'
import { openGguf } from '../../../src/gguf/reader.js'
import { planModel } from '../../../src/model/plan.js'
import { bytesSource } from '../../../src/storage/bytes.js'
import { ReferenceModel, ReferenceSequence } from '../../model/reference.js'
import { behindChannel } from '../../support/behind-channel.js'
import {
  DRAFT_HEAD_VOCAB,
  type DraftHeadModelOptions,
  draftHeadModel,
  EXPERTS,
} from '../../support/draft-head-model.js'
import { relativeDifference } from '../../support/logits.js'
import { randomIds } from '../../support/random-models.js'
import { engineOf, outputsOf } from './load.js'

const IDS = randomIds(150, DRAFT_HEAD_VOCAB, 'draft head')
const EMBED = 64

async function open(options: DraftHeadModelOptions = {}) {
  return openGguf(bytesSource(draftHeadModel(options), 'm.gguf'))
}

async function load(
  options: DraftHeadModelOptions = {},
  { threads = 1, kernels = 'baseline' as const } = {},
): Promise<WasmExecutable> {
  const file = await open(options)
  const { program } = planModel(file, undefined, { draftHead: true })
  return WasmExecutable.load(file, program, await engineOf({ threads, kernels }))
}

/** The hidden states of all but the last token. */
async function hiddenStates(executable: Executable): Promise<Float32Array> {
  const memory = executable.createMemory('f32')
  const joined = new Float32Array((IDS.length - 1) * EMBED)
  for (let at = 0; at < IDS.length - 1; ) {
    const ids = IDS.slice(at, Math.min(at + 64, IDS.length - 1))
    const outputs = ids.map((_, row) => row)
    const states = await outputsOf(
      executable,
      batchOf(ids, { memory, phase: 'prefill', outputs, want: 'hidden' }),
    )
    for (const [row, state] of states) joined.set(state, (at + row) * EMBED)
    at += ids.length
  }
  memory.dispose()
  return joined
}

/** Logits and hidden states of the head for each row, in batches of these sizes. */
async function headOutputs(
  head: Executable,
  states: Float32Array,
  sizes: readonly number[],
  phase: Phase = 'prefill',
): Promise<Float32Array[]> {
  const memory = head.createMemory('f32')
  const results: Float32Array[] = []
  for (const size of sizes) {
    const { length } = memory
    const ids = IDS.slice(length + 1, length + 1 + size)
    const part = states.subarray(length * EMBED, (length + size) * EMBED)
    const outputs = ids.map((_, row) => row)
    const batch = batchOf(ids, { memory, phase, outputs, want: 'both', states: part })
    results.push(...(await outputsOf(head, batch)).values())
  }
  memory.dispose()
  return results
}

describe('a draft head in the engine', () => {
  it.each<[string, DraftHeadModelOptions, number]>([
    ['F32', {}, 5e-4],
    ['Q8_0', { format: (name) => (/ssm_(alpha|beta)/.test(name) ? 'F32' : 'Q8_0') }, 3e-3],
    ['tied', { tied: true }, 5e-4],
    ['experts', EXPERTS, 5e-4],
    [
      'an embedding, a norm and an output of its own',
      {
        optional: ['embed_tokens', 'shared_head_norm', 'shared_head_head'].map(
          (name) => `nextn.${name}.weight`,
        ),
      },
      5e-4,
    ],
  ])('computes what the reference does: %s', async (_, options, tolerance) => {
    const { draftHead } = await ReferenceModel.read(await open(options), { draftHead: true })
    const executable = await load(options)
    const states = await hiddenStates(executable)
    const results = await headOutputs(executable.draftHead!, states, [70, 40])
    const sequence = new ReferenceSequence(draftHead, 'f32')
    for (const [row, values] of results.entries()) {
      sequence.pushAfter(Float64Array.from(states.subarray(row * EMBED, (row + 1) * EMBED)), IDS[row + 1])
      const [logits, hidden] = [values.subarray(0, DRAFT_HEAD_VOCAB), values.subarray(DRAFT_HEAD_VOCAB)]
      expect(relativeDifference(logits, sequence.logits()), `row ${row}`).toBeLessThan(tolerance)
      expect(relativeDifference(hidden, sequence.hiddenState()), `row ${row}`).toBeLessThan(tolerance)
    }
    await executable.dispose()
  })

  it('has the same bits however its rows are cut, with threads, and behind a channel', async () => {
    const executable = await load()
    const states = await hiddenStates(executable)
    const expected = await headOutputs(executable.draftHead!, states, [120])
    expect(await headOutputs(executable.draftHead!, states, [1, 50, 69])).toEqual(expected)
    const threaded = await load({}, { threads: 2 })
    expect(await hiddenStates(threaded)).toEqual(states)
    expect(await headOutputs(threaded.draftHead!, states, [64, 56])).toEqual(expected)
    const decoded = await headOutputs(executable.draftHead!, states, new Array(9).fill(1), 'decode')
    expect(await headOutputs(executable.draftHead!, states, [9], 'decode')).toEqual(decoded)
    const { remote } = behindChannel(executable)
    expect(await headOutputs(remote.draftHead!, states, [120])).toEqual(expected)
    await threaded.dispose()
    await remote.dispose()
  })

  it('returns logits and hidden states together with the bits that they have alone', async () => {
    const executable = await load()
    const results: Float32Array[] = []
    for (const want of ['logits', 'hidden', 'both'] as const) {
      const memory = executable.createMemory('f16')
      const outputs = Array.from({ length: 20 }, (_, row) => row)
      const batch = batchOf(IDS.slice(0, 20), { memory, phase: 'prefill', outputs, want })
      const all = [...(await outputsOf(executable, batch)).values()]
      results.push(Float32Array.from(all.flatMap((values) => [...values])))
      memory.dispose()
    }
    const [logits, hidden, both] = results
    for (let row = 0; row < 20; row++) {
      const part = (values: Float32Array, width: number) => values.subarray(row * width, (row + 1) * width)
      const joined = part(both, DRAFT_HEAD_VOCAB + EMBED)
      expect(joined.subarray(0, DRAFT_HEAD_VOCAB)).toEqual(part(logits, DRAFT_HEAD_VOCAB))
      expect(joined.subarray(DRAFT_HEAD_VOCAB)).toEqual(part(hidden, EMBED))
    }
    await executable.dispose()
  })

  it('rejects batches without states, with too few, and states for the model itself', async () => {
    const executable = await load()
    const head = executable.draftHead!
    expect([executable.stateLength, head.stateLength, head.draftHead]).toEqual([0, EMBED, undefined])
    const attempt = (on: Executable, rest: Partial<Batch>) => {
      const memory = on.createMemory('f16')
      const batch = batchOf([1, 2], { memory, phase: 'decode', outputs: [1], ...rest })
      return on.run(batch, () => {}).finally(() => memory.dispose())
    }
    const wrong = { code: 'INVALID_ARGUMENT', message: expect.stringContaining('values of hidden states') }
    await expect(attempt(head, {})).rejects.toMatchObject(wrong)
    await expect(attempt(head, { states: new Float32Array(EMBED) })).rejects.toMatchObject(wrong)
    await expect(attempt(executable, { states: new Float32Array(2 * EMBED) })).rejects.toMatchObject(wrong)
    await expect(attempt(head, { states: new Float32Array(2 * EMBED) })).resolves.toBeGreaterThanOrEqual(0)
    const memory = executable.createMemory('f16')
    const mixed = { memory, phase: 'decode', outputs: [0], states: new Float32Array(EMBED) } as const
    await expect(head.run(batchOf([1], mixed), () => {})).rejects.toMatchObject({
      message: expect.stringContaining('belongs to another model'),
    })
    await executable.dispose()
  })

  it('rejects states that are not numbers, and stays as it was', async () => {
    const executable = await load()
    const head = executable.draftHead!
    const memory = head.createMemory('f16')
    const states = new Float32Array(EMBED).fill(Number.NaN)
    const batch = batchOf([1], { memory, phase: 'decode', outputs: [0], want: 'both', states })
    await expect(head.run(batch, () => {})).rejects.toMatchObject({ code: 'NOT_A_NUMBER' })
    expect(memory.length).toBe(0)
    await executable.dispose()
  })

  it('counts in the memory that a model and its sequences need, and ends with the model', async () => {
    const file = await open()
    const bytes = async (draftHead: boolean) => {
      const { program } = planModel(file, undefined, { draftHead })
      const executable = await WasmExecutable.load(file, program, await engineOf())
      const { bytesInUse } = executable
      const sequence = executable.sequenceBytes(100, 'f16')
      await executable.dispose()
      if (draftHead) expect(() => executable.draftHead!.createMemory('f16')).toThrow('disposed')
      return { bytesInUse, sequence }
    }
    const [without, withHead] = [await bytes(false), await bytes(true)]
    expect(withHead.bytesInUse).toBeGreaterThan(without.bytesInUse)
    expect(withHead.sequence).toBeGreaterThan(without.sequence)
    const { program } = planModel(file, undefined, { draftHead: true })
    const need = async (available: number) =>
      WasmExecutable.memoryFor(file, program, await engineOf(), { available }).bytes
    expect(await need(2 ** 30)).toBeGreaterThanOrEqual(withHead.bytesInUse - 2 ** 20)
  })
})

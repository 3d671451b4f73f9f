import { describe, expect, it } from 'vitest'
import type { WasmExecutable } from '../../../src/backend/wasm/executable.js'
import { writeGguf } from '../../../src/gguf/writer.js'
import { GEMMA4_CASES } from '../../support/family-models/gemma4.js'
import type { ModelCase } from '../../support/random-models.js'
import { append, contentOf, decode, engineOf, expectSameBits, load, prefill, someIds } from './load.js'

/** More than a page of the cache; windows are of 16 positions. */
const LENGTH = 200

function caseOf(name: string): ModelCase & { bytes: Uint8Array } {
  const found = GEMMA4_CASES.find((each) => each.name.includes(name))!
  return { ...found, bytes: writeGguf(found.parts) }
}

/** A prompt in runs of these lengths, then some tokens: the logits of the last ones. */
async function evaluated(executable: WasmExecutable, ids: readonly number[], runs: readonly number[]) {
  const memory = executable.createMemory('f32')
  let at = 0
  for (const rows of runs) {
    await append(executable, memory, ids.slice(at, at + rows), 'prefill')
    at += rows
  }
  await prefill(executable, memory, ids.slice(at, -3))
  return await decode(executable, memory, ids.slice(-3))
}

describe.each([caseOf('wider layers'), caseOf('gemma3n')])('$name', ({ bytes, vocab }) => {
  const ids = someIds(LENGTH, vocab)

  it('has the same bits however a prompt is cut, and on two threads', async () => {
    const one = await load(bytes)
    const expected = await evaluated(one, ids, [])
    expectSameBits(await evaluated(one, ids, [1, 40, 2, 100]), expected)
    await one.dispose()
    const two = await load(bytes, { engine: await engineOf({ threads: 2 }) })
    expectSameBits(await evaluated(two, ids, [128]), expected, 'on two threads')
    await two.dispose()
  })

  it('continues a saved sequence, a fork and a shortened sequence alike', async () => {
    const executable = await load(bytes)
    const memory = executable.createMemory('f32')
    await prefill(executable, memory, ids)
    const [saved, fork] = [await memory.save(), await memory.fork()]
    const expected = await append(executable, memory, [7], 'decode')
    expectSameBits(await append(executable, fork, [7], 'decode'), expected, 'of a fork')
    const restored = executable.createMemory('f32')
    await restored.restore(saved, { length: LENGTH, promptEnd: LENGTH })
    expectSameBits(await append(executable, restored, [7], 'decode'), expected, 'of a restored one')
    await append(executable, fork, [9], 'decode')
    await fork.truncate(LENGTH)
    expectSameBits(await append(executable, fork, [7], 'decode'), expected, 'of a shortened one')
    await executable.dispose()
  })

  it('shifts each cache once, however many layers read it', async () => {
    const executable = await load(bytes)
    expect(executable.canShift).toBe(true)
    const memory = executable.createMemory('f32')
    await prefill(executable, memory, ids)
    const before = await contentOf(memory)
    await memory.shift(2, 50)
    expect(memory.length).toBe(LENGTH - 50)
    expect(await contentOf(memory)).not.toBe(before)
    const logits = await append(executable, memory, [7], 'decode')
    expect(logits.every(Number.isFinite)).toBe(true)
    await executable.dispose()
  })
})

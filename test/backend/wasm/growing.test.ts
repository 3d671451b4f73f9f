import { describe, expect, it } from 'vitest'
import type { SequenceMemory } from '../../../src/backend/memory.js'
import type { Engine } from '../../../src/backend/wasm/engine.js'
import { PAGE_BYTES, type Pointer } from '../../../src/backend/wasm/kernels.js'
import { SMALL, smallModel, VOCAB } from '../../model/small.js'
import { append, contentOf, decode, engineOf, load, outputsOf, prefill, someIds } from './load.js'
import { windowedModel } from './windowed-family.js'

/** Makes every allocation grow the memory, which detaches earlier views. */
function growing(engine: Engine): Engine {
  const { arena } = engine
  const { allocate } = arena
  arena.allocate = (bytes, purpose) => {
    const pointer = allocate.call(arena, bytes, purpose)
    arena.memory.grow(1)
    return pointer
  }
  return engine
}

describe('memory that grows on every allocation', () => {
  it.each([
    ['F32', smallModel({ biases: true, ropeFactors: [1, 2, 3, 4, 5, 6, 7, 8] })],
    ['Q4_0', smallModel({ format: 'Q4_0' })],
    ['F16', smallModel({ format: 'F16', tied: true })],
    ['windows', windowedModel({ window: 40 })],
  ])('changes no result: %s', async (_, model) => {
    const run = async (engine: Engine) => {
      const executable = await load(model, { engine })
      const results: unknown[] = []
      const memory = executable.createMemory('f16')
      results.push(await prefill(executable, memory, someIds(300, VOCAB)))
      const fork = await memory.fork()
      results.push(await decode(executable, fork, [1, 2, 3]), await decode(executable, memory, [4]))
      const other = executable.createMemory('f16', { retain: 1 })
      await prefill(executable, other, someIds(140, VOCAB, 3))
      const shifting = await other.fork()
      await shifting.shift(4, 60)
      const restored = executable.createMemory('f16')
      await restored.restore(await fork.save(), { length: fork.length })
      const all: SequenceMemory[] = [memory, fork, other, shifting, restored]
      const outputs = await outputsOf(executable, {
        ids: all.flatMap(() => [5, 6]),
        positions: all.flatMap(({ length }) => [length, length + 1]),
        runs: all.map((each, i) => ({ memory: each, firstRow: 2 * i, rows: 2, phase: 'prefill' })),
        outputs: [1, 3, 4, 7, 9],
      })
      results.push(...outputs.values(), ...(await Promise.all(all.map(contentOf))))
      return results
    }
    const results = await run(growing(await engineOf()))
    expect(results).toEqual(await run(await engineOf()))
  })

  it('is handled at every allocation: a model loads whatever has been allocated before', async () => {
    const model = smallModel({ shape: { ...SMALL.shape, layers: 5 } })
    // Address of each part of a model in an empty engine.
    const starts: number[] = []
    const first = await engineOf()
    const { allocate } = first.arena
    first.arena.allocate = (bytes, purpose) => {
      const pointer = allocate.call(first.arena, bytes, purpose)
      starts.push(pointer)
      return pointer
    }
    const executable = await load(model, { engine: first })
    const logits = await append(executable, executable.createMemory('f16'), [1, 2, 3], 'prefill')
    // Offset so that memory ends, and must grow, where the part begins.
    for (const start of new Set(starts.map((pointer) => pointer % PAGE_BYTES))) {
      const engine = await engineOf()
      engine.arena.allocate((PAGE_BYTES - start) as Pointer, 'a test')
      const moved = await load(model, { engine })
      expect(await append(moved, moved.createMemory('f16'), [1, 2, 3], 'prefill')).toEqual(logits)
    }
  })
})

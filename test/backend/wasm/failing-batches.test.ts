import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { batchOf } from '../../../src/backend/batch.js'
import type { SequenceMemory } from '../../../src/backend/memory.js'
import type { Arena } from '../../../src/backend/wasm/arena.js'
import type { Engine } from '../../../src/backend/wasm/engine.js'
import type { WasmExecutable } from '../../../src/backend/wasm/executable.js'
import { Slicer } from '../../../src/backend/wasm/slicer.js'
import { writeGguf } from '../../../src/gguf/writer.js'
import { pacer } from '../../../src/platform/pacer.js'
import { SMALL, smallModel, smallParts, VOCAB } from '../../model/small.js'
import { append, bytesInUse, contentOf, decode, engineOf, load, outputsOf, prefill, someIds } from './load.js'

const SHAPE = { ...SMALL.shape, headDim: 32 }
/** Keys and values of 128 positions, 2 layers, 2 heads of 32, in f16. */
const PAGE = 128 * 2 * 2 * (2 * 32) * 2

let engine: Engine
let executable: WasmExecutable
/** Bytes in use without a sequence. */
let unused: number

beforeEach(async () => {
  engine = await engineOf()
  executable = await load(smallModel({ shape: SHAPE }), { engine })
  unused = executable.bytesInUse
})
afterEach(() => vi.restoreAllMocks())

/** The last logits of a fresh sequence of these prompt and decoded tokens. */
async function freshLogits(prompt: readonly number[], decoded: readonly number[]): Promise<Float32Array> {
  const memory = executable.createMemory('f16')
  const logits = await prefill(executable, memory, prompt)
  const last = (await decode(executable, memory, decoded)).at(-1)
  memory.dispose()
  return last ?? logits
}

/** Lets the arena allocate `pages` more pages, whatever its limit is. */
function limitPages(arena: Arena, pages: number): void {
  const { allocate } = arena
  let left = pages
  vi.spyOn(arena, 'allocate').mockImplementation(function (this: Arena, bytes, purpose) {
    if (bytes === PAGE && left-- <= 0) {
      allocate.call(arena, 2 ** 40, purpose)
    }
    return allocate.call(arena, bytes, purpose)
  })
}

describe('when memory is exhausted', () => {
  it('a batch changes no memory, and the same batch can be run when there is memory', async () => {
    const lengths = [120, 128, 5, 250, 0]
    const memories = lengths.map(() => executable.createMemory('f16'))
    for (const [i, memory] of memories.entries()) {
      await prefill(executable, memory, someIds(lengths[i], VOCAB, i))
    }
    const shared = await memories[2].fork()
    const all = [...memories, shared]
    const before = await Promise.all(all.map(contentOf))
    const used = executable.bytesInUse
    const rows = 10
    const batch = () => ({
      ids: all.flatMap((_, i) => someIds(rows, VOCAB, 20 + i)),
      positions: all.flatMap(({ length }) => Array.from({ length: rows }, (_, row) => length + row)),
      runs: all.map((memory, i) => ({ memory, firstRow: i * rows, rows, phase: 'prefill' as const })),
      outputs: all.map((_, i) => (i + 1) * rows - 1),
    })
    // They need five pages: one each, except one of the two that share a page. Its copy stays with the first of them.
    for (const pages of [0, 1, 2, 3, 3]) {
      limitPages(engine.arena, pages)
      await expect(outputsOf(executable, batch())).rejects.toMatchObject({
        code: 'OUT_OF_MEMORY',
        message: expect.stringMatching(/^a page of 128 positions of keys and values needs /),
      })
      vi.restoreAllMocks()
      expect(all.map(({ length }) => length)).toEqual([...lengths, 5])
      expect(await Promise.all(all.map(contentOf))).toEqual(before)
      expect(executable.bytesInUse).toBeLessThanOrEqual(used + PAGE)
    }
    const outputs = await outputsOf(executable, batch())
    for (const [i, length] of [...lengths, 5].entries()) {
      const ids = [...someIds(length, VOCAB, i === 5 ? 2 : i), ...someIds(rows, VOCAB, 20 + i)]
      expect(outputs.get((i + 1) * rows - 1), `sequence ${i}`).toEqual(await freshLogits(ids, []))
    }
    for (const memory of all) memory.dispose()
    expect(await bytesInUse(executable)).toBe(unused)
  })

  it('a restore does not change the memory', async () => {
    const memory = executable.createMemory('f16')
    await prefill(executable, memory, someIds(300, VOCAB))
    const records = await memory.save()
    const other = executable.createMemory('f16')
    await prefill(executable, other, someIds(20, VOCAB, 3))
    const [before, used] = [await contentOf(other), executable.bytesInUse]
    for (const pages of [0, 1, 2]) {
      limitPages(engine.arena, pages)
      const restoring = other.restore(records, { length: 300, promptEnd: 300 })
      await expect(restoring).rejects.toMatchObject({ code: 'OUT_OF_MEMORY' })
      vi.restoreAllMocks()
      expect(await contentOf(other)).toBe(before)
      expect(executable.bytesInUse).toBe(used)
    }
  })

  it('a shift of a fork changes neither, and succeeds when there is memory', async () => {
    const memory = executable.createMemory('f16')
    await prefill(executable, memory, someIds(300, VOCAB))
    const fork = await memory.fork()
    const before = await contentOf(memory)
    // Of three pages; copies that were made are kept.
    for (const pages of [0, 1, 1]) {
      limitPages(engine.arena, pages)
      await expect(fork.shift(4, 50)).rejects.toMatchObject({ code: 'OUT_OF_MEMORY' })
      vi.restoreAllMocks()
      expect([await contentOf(memory), await contentOf(fork)]).toEqual([before, before])
    }
    await fork.shift(4, 50)
    expect(fork.length).toBe(250)
    memory.dispose()
    fork.dispose()
    expect(await bytesInUse(executable)).toBe(unused)
  })

  it('sequences of an engine with a small limit grow until it is reached, and disposing one frees memory', async () => {
    const limited = await engineOf({ memoryLimit: 3 * 2 ** 20 })
    executable = await load(smallModel({ shape: SHAPE }), { engine: limited })
    const memories: SequenceMemory[] = []
    const start = async () => {
      const memory = executable.createMemory('f16')
      memories.push(memory)
      return append(executable, memory, [1, 2, 3], 'prefill')
    }
    const first = await start()
    const exhausted = async () => {
      for (let i = 0; i < 100; i++) expect(await start()).toEqual(first)
    }
    await expect(exhausted()).rejects.toMatchObject({ code: 'OUT_OF_MEMORY' })
    expect(memories.length).toBeGreaterThan(3)
    expect(memories.at(-1)!.length).toBe(0)
    memories[0].dispose()
    expect(await append(executable, memories.at(-1)!, [1, 2, 3], 'prefill')).toEqual(first)
  })
})

describe('a batch that ends early', () => {
  /** Two sequences, one of which shares its page, and a batch of both. */
  async function prepared() {
    const [one, two] = [executable.createMemory('f16'), executable.createMemory('f16')]
    await prefill(executable, one, someIds(125, VOCAB))
    await prefill(executable, two, someIds(9, VOCAB, 1))
    const fork = await two.fork()
    const batch = (signal?: AbortSignal) => ({
      ids: [...someIds(30, VOCAB, 5), 7],
      positions: [...Array.from({ length: 30 }, (_, row) => 125 + row), 9],
      runs: [
        { memory: one, firstRow: 0, rows: 30, phase: 'prefill' as const },
        { memory: two, firstRow: 30, rows: 1, phase: 'decode' as const },
      ],
      outputs: [29, 30],
      signal,
    })
    const contents = () => Promise.all([one, two, fork].map(contentOf))
    return { one, two, fork, batch, contents, before: await contents() }
  }

  it('by its signal changes no length or content, and gives the same bits when it is run again', async () => {
    const { batch, contents, before } = await prepared()
    let pauses = 0
    vi.spyOn(Slicer.prototype, 'slices').mockReturnValue(3)
    for (let stop = 1; ; stop += 3) {
      const controller = new AbortController()
      pauses = 0
      const due = vi.spyOn(pacer, 'isDue').mockImplementation(() => {
        if (++pauses === stop) controller.abort('enough')
        return true
      })
      const outcome = await outputsOf(executable, batch(controller.signal)).catch((error) => error)
      due.mockRestore()
      if (outcome !== 'enough') break
      expect(await contents()).toEqual(before)
    }
    // In the end it ran through, because no pause was left to abort at.
    expect(pauses).toBeGreaterThan(20)
    vi.restoreAllMocks()
    const again = await prepared()
    const outputs = await outputsOf(executable, again.batch())
    const prompt = [...someIds(125, VOCAB), ...someIds(30, VOCAB, 5)]
    expect(outputs.get(29)).toEqual(await freshLogits(prompt, []))
    expect(outputs.get(30)).toEqual(await freshLogits(someIds(9, VOCAB, 1), [7]))
  })

  it('by an error of `take` rejects with that error, and can be run again', async () => {
    const { batch, contents, before } = await prepared()
    const taken: number[] = []
    const failing = executable.run(batch(), (row) => {
      taken.push(row)
      throw new Error('not today')
    })
    await expect(failing).rejects.toThrow('not today')
    expect(taken).toEqual([29])
    expect(await contents()).toEqual(before)
    const outputs = await outputsOf(executable, batch())
    expect(outputs.get(30)).toEqual(await freshLogits(someIds(9, VOCAB, 1), [7]))
  })

  it('by its signal while it is queued does nothing', async () => {
    const { batch, one, two, contents } = await prepared()
    const controller = new AbortController()
    vi.spyOn(pacer, 'isDue').mockReturnValueOnce(true)
    const other = executable.createMemory('f16')
    const running = append(executable, other, [1, 2, 3], 'prefill')
    const waiting = outputsOf(executable, batch(controller.signal))
    controller.abort('enough')
    await expect(waiting).rejects.toBe('enough')
    await running
    expect([one.length, two.length]).toEqual([125, 9])
    await contents()
  })

  it('by dispose rejects with DISPOSED, as do queued ones', async () => {
    const { batch } = await prepared()
    const other = executable.createMemory('f16')
    vi.spyOn(pacer, 'isDue').mockReturnValue(true)
    const outcomes = Promise.allSettled([
      outputsOf(executable, batch()),
      append(executable, other, [1, 2], 'prefill'),
    ])
    await executable.dispose()
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'DISPOSED' } })
    }
    expect(executable.bytesInUse).toBe(0)
  })

  it('by dispose on two threads rejects with DISPOSED too', async () => {
    executable = await load(smallModel({ shape: SHAPE }), { engine: await engineOf({ threads: 2 }) })
    const memory = executable.createMemory('f16')
    vi.spyOn(pacer, 'isDue').mockReturnValue(true)
    const outcome = append(executable, memory, someIds(100, VOCAB), 'prefill').catch((error) => error)
    await new Promise((resolve) => setImmediate(resolve))
    await executable.dispose()
    expect(await outcome).toMatchObject({ code: 'DISPOSED' })
    expect(memory.length).toBe(0)
  })
})

describe('a batch that fails', () => {
  it('because a thread has died changes no memory, and gives the same bits when it is run again', async () => {
    const threaded = await engineOf({ threads: 2 })
    const alone = executable
    executable = await load(smallModel({ shape: SHAPE }), { engine: threaded })
    const memory = executable.createMemory('f16')
    await prefill(executable, memory, someIds(125, VOCAB))
    const fork = await memory.fork()
    const before = await contentOf(memory)
    const due = vi.spyOn(pacer, 'isDue').mockReturnValue(true)
    vi.spyOn(pacer, 'pause').mockImplementationOnce(async () => {
      const [worker] = threaded.pool.workers
      worker.terminate()
      await worker.ended
      await new Promise((resolve) => setImmediate(resolve))
    })
    const next = someIds(20, VOCAB, 2)
    await expect(append(executable, memory, next, 'prefill')).rejects.toMatchObject({ code: 'THREAD_LOST' })
    due.mockRestore()
    expect([await contentOf(memory), await contentOf(fork)]).toEqual([before, before])
    expect(executable.threads).toBe(1)
    const logits = await append(executable, memory, next, 'prefill')
    await executable.dispose()
    executable = alone
    expect(logits).toEqual(await freshLogits([...someIds(125, VOCAB), ...next], []))
  })

  it.each(['prefill', 'decode'] as const)(
    'because one sequence has NaN, %s, does not change the others; without it they continue',
    async (phase) => {
      const { tensors, ...parts } = smallParts({ shape: SHAPE })
      const broken = tensors.map((tensor) => {
        if (tensor.name !== 'token_embd.weight') return tensor
        const data = (typeof tensor.data === 'function' ? tensor.data() : tensor.data).slice() as Uint8Array
        new DataView(data.buffer).setFloat32(7 * SHAPE.embed * 4, Number.POSITIVE_INFINITY, true)
        return { ...tensor, data }
      })
      executable = await load(writeGguf({ ...parts, tensors: broken }))
      const memories = [0, 1, 2].map(() => executable.createMemory('f16'))
      for (const [i, memory] of memories.entries()) await prefill(executable, memory, [i + 1, i + 2, i + 3])
      const before = await Promise.all(memories.map(contentOf))
      const batch = {
        ids: [10, 7, 12],
        positions: [3, 3, 3],
        runs: memories.map((memory, firstRow) => ({ memory, firstRow, rows: 1, phase })),
        outputs: [0, 1, 2],
      }
      await expect(executable.run(batch, () => {})).rejects.toMatchObject({ code: 'NOT_A_NUMBER' })
      expect(await Promise.all(memories.map(contentOf))).toEqual(before)
      const outputs = await outputsOf(executable, {
        ids: [10, 12],
        positions: [3, 3],
        runs: [memories[0], memories[2]].map((memory, firstRow) => ({ memory, firstRow, rows: 1, phase })),
        outputs: [0, 1],
      })
      for (const [row, i] of [
        [0, 0],
        [1, 2],
      ]) {
        const alone = executable.createMemory('f16')
        await prefill(executable, alone, [i + 1, i + 2, i + 3])
        expect(outputs.get(row)).toEqual(await append(executable, alone, [10 + i], phase))
      }
    },
  )
})

describe('a batch that contradicts itself', () => {
  it('is rejected before anything runs or is allocated', async () => {
    const memory = executable.createMemory('f16')
    await prefill(executable, memory, [1, 2, 3])
    const elsewhere = await load(smallModel({ shape: SHAPE }))
    const foreign = elsewhere.createMemory('f16')
    const gone = executable.createMemory('f16')
    gone.dispose()
    const allocate = vi.spyOn(engine.arena, 'allocate')
    const project = vi.spyOn(engine.pool, 'run')
    const sound = batchOf([4], { memory, phase: 'decode', outputs: [0] })
    const run = (change: object) => executable.run({ ...sound, ...change }, () => expect.unreachable())
    const runOf = (change: object) => [{ ...sound.runs[0], ...change }]
    for (const change of [
      { ids: [VOCAB] },
      { positions: [4] },
      { positions: [2] },
      { outputs: [1] },
      { runs: runOf({ memory: gone }) },
      { runs: runOf({ memory: foreign }), positions: [0] },
      { runs: runOf({ phase: 'both' }) },
      { runs: [] },
      { ids: [1, 2], positions: [3, 3], runs: [sound.runs[0], { ...sound.runs[0], firstRow: 1 }] },
      { want: 'everything' },
    ]) {
      await expect(run(change)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    }
    expect(allocate).not.toHaveBeenCalled()
    expect(project).not.toHaveBeenCalled()
    expect(memory.length).toBe(3)
    vi.restoreAllMocks()
    expect((await decode(executable, memory, [4]))[0]).toEqual(await freshLogits([1, 2, 3], [4]))
  })

  it('is checked when its turn comes: of two queued at once, the second continues from the first', async () => {
    const memory = executable.createMemory('f16')
    vi.spyOn(pacer, 'isDue').mockReturnValue(true)
    const first = executable.run(batchOf([1, 2], { memory, phase: 'prefill', outputs: [] }), () => {})
    const second = executable.run(
      { ...batchOf([3], { memory, phase: 'prefill', outputs: [0] }), positions: [2] },
      () => {},
    )
    await Promise.all([first, second])
    expect(memory.length).toBe(3)
  })
})

import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import type { Phase } from '../../../src/backend/batch.js'
import { type MemorySpec, reachableLength, type SequenceMemory } from '../../../src/backend/memory.js'
import { Arena } from '../../../src/backend/wasm/arena.js'
import type { Pointer } from '../../../src/backend/wasm/kernels.js'
import { sequenceBytes } from '../../../src/backend/wasm/kv-layout.js'
import { SequenceMemories } from '../../../src/backend/wasm/sequence-memories.js'
import { stateLayout } from '../../../src/backend/wasm/state-layout.js'
import type { WasmMemory } from '../../../src/backend/wasm/wasm-memory.js'
import { DasllamaError } from '../../../src/errors.js'

/** Two recurrent layers around one of attention, and a memory of each kind alone. */
const HYBRID: readonly MemorySpec[] = [
  { kind: 'recurrent', values: 5 },
  { kind: 'kv', kvHeads: 1, keyDim: 4, valueDim: 4 },
  { kind: 'recurrent', values: 33 },
]
const RECURRENT = HYBRID.filter(({ kind }) => kind === 'recurrent')

/** What an executable has of sequences, without one: rows are "computed" by folding ids into the words of a state. */
class Bench {
  readonly arena: Arena
  readonly sequences: SequenceMemories
  readonly specs: readonly MemorySpec[]

  constructor(specs: readonly MemorySpec[] = RECURRENT, limit = 2 ** 22) {
    this.specs = specs
    this.arena = new Arena(new WebAssembly.Memory({ initial: 1, maximum: 64 }), 64, limit)
    const move = () => Promise.reject(new Error('recurrent layers do not move'))
    this.sequences = new SequenceMemories(this.arena, specs, { canMove: true, move })
  }

  create(): WasmMemory {
    return this.sequences.create('f16', 0)
  }

  /** Runs rows as an executable does; `fails`: at the end, when everything has been written. */
  run(
    memory: WasmMemory,
    ids: readonly number[],
    phase: Phase,
    { isPromptEnd = true, fails = false } = {},
  ): void {
    this.sequences.use(memory)
    try {
      const { from, after } = memory.prepare(ids.length, phase)!
      expect(after.length).toBe(phase === 'prefill' ? 1 : ids.length)
      let state: Uint32Array = this.#words(from).slice()
      for (const [row, id] of ids.entries()) {
        // As a kernel does: from where the row before it has written.
        if (phase === 'decode') state = this.#words(row === 0 ? from : after[row - 1]).slice()
        state = folded(state, id)
        if (phase === 'decode') this.#words(after[row]).set(state)
      }
      if (phase === 'prefill') this.#words(after[0]).set(state)
      if (fails) throw new Error('a failing pass')
    } catch (error) {
      memory.rollback()
      throw error
    }
    memory.commit({ rows: ids.length, phase, isPromptEnd })
  }

  /** The words of a state, without the padding of its parts. */
  #words(pointer: Pointer): Uint32Array {
    return new Uint32Array(this.arena.memory.buffer, pointer, stateLayout(this.specs).bytes / 4)
  }
}

function folded(state: Uint32Array, id: number): Uint32Array {
  return state.map((word, index) => Math.imul(word + id + index + 1, 2654435761))
}

/** What `save` returns of the recurrent layers after these tokens. */
function statesAfter(specs: readonly MemorySpec[], ids: readonly number[]): Uint8Array[] {
  const { offsets, bytes } = stateLayout(specs)
  const state = ids.reduce(folded, new Uint32Array(bytes / 4))
  return specs.flatMap((spec, memory) =>
    spec.kind === 'kv'
      ? []
      : ids.length === 0
        ? new Uint8Array()
        : new Uint8Array(state.buffer, offsets[memory], 4 * spec.values).slice(),
  )
}

async function expectState(bench: Bench, memory: SequenceMemory, ids: readonly number[]): Promise<void> {
  expect(memory.length).toBe(ids.length)
  const records = (await memory.save()).filter(({ kind }) => kind === 'recurrent')
  expect(records.map(({ first }) => first)).toEqual(records.map(() => ids.length))
  const same = statesAfter(bench.specs, ids).every((bytes, i) => Buffer.from(records[i].bytes).equals(bytes))
  expect(same, `the state after ${ids.length} positions`).toBe(true)
}

function lengthsOf({ reach }: SequenceMemory): number[] {
  return reach.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i))
}

const idsOf = (count: number, from = 0) => Array.from({ length: count }, (_, i) => (from + i * 7) % 97)
const outOfMemory = expect.objectContaining({ code: 'OUT_OF_MEMORY' })

type Action =
  | {
      readonly do: 'run' | 'fail'
      readonly phase: Phase
      readonly count: number
      readonly isPromptEnd: boolean
    }
  | { readonly do: 'truncate'; readonly back: number }
  | { readonly do: 'hold' | 'release' | 'reset' }
  | { readonly do: 'fork' | 'copy' | 'restore'; readonly from: number }

const run = (count: number) =>
  fc.record({
    do: fc.constantFrom('run', 'run', 'run', 'fail'),
    phase: fc.constantFrom<Phase>('prefill', 'decode'),
    count: fc.integer({ min: 1, max: count }),
    isPromptEnd: fc.boolean(),
  }) as fc.Arbitrary<Action>
const ACTION: fc.Arbitrary<Action> = fc.oneof(
  run(128),
  run(20),
  run(1),
  fc.record({ do: fc.constant('truncate'), back: fc.nat(20) }),
  fc.record({ do: fc.constant('truncate'), back: fc.nat(800) }),
  fc.record({ do: fc.constantFrom('hold', 'release', 'reset') }),
  fc.record({ do: fc.constantFrom('fork', 'copy', 'restore'), from: fc.nat(2) }),
)

describe('memories with recurrent layers', () => {
  it('have the state of their tokens, whatever is done to them and to others, and however little room there is', async () => {
    let [lacking, reliefs] = [0, 0]
    const scenario = fc.record({
      specs: fc.constantFrom(HYBRID, RECURRENT),
      room: fc.option(fc.integer({ min: 1, max: 60 }), { nil: 10_000 }),
      actions: fc.array(fc.tuple(fc.nat(2), ACTION), { minLength: 5, maxLength: 60, size: 'max' }),
    })
    await fc.assert(
      fc.asyncProperty(scenario, async ({ specs, room, actions }) => {
        const bench = new Bench(specs, 64 + room * 320)
        const memories = [bench.create(), bench.create(), bench.create()]
        const tokens: number[][] = [[], [], []]
        for (const [index, action] of actions) {
          const [memory, before] = [memories[index], [...tokens[index]]]
          const held = memories.map(({ bytes }) => bytes)
          try {
            switch (action.do) {
              case 'run':
              case 'fail': {
                const ids = idsOf(action.count, before.length)
                bench.run(memory, ids, action.phase, { ...action, fails: action.do === 'fail' })
                tokens[index].push(...ids)
                break
              }
              case 'truncate': {
                const to = Math.max(0, before.length - action.back)
                const promised = reachableLength(memory.reach, to)
                expect(await memory.truncate(to)).toBe(promised)
                tokens[index].length = promised
                break
              }
              case 'reset':
                tokens[index].length = await memory.truncate(0)
                break
              case 'hold':
                memory.hold()
                break
              case 'release':
                memory.release()
                break
              case 'fork':
                memories[index] = (await memories[action.from].fork()) as WasmMemory
                memory.dispose()
                tokens[index] = [...tokens[action.from]]
                break
              case 'copy':
                await memory.copyFrom(memories[action.from])
                tokens[index] = [...tokens[action.from]]
                break
              case 'restore': {
                const { length } = memories[action.from]
                await memory.restore(await memories[action.from].save(), { length })
                tokens[index] = [...tokens[action.from]]
              }
            }
          } catch (error) {
            if (error instanceof DasllamaError) expect(error.code).toBe('OUT_OF_MEMORY')
            else expect((error as Error).message).toBe('a failing pass')
            if (error instanceof DasllamaError) lacking++
            tokens[index] = before
          }
          for (const [other, each] of memories.entries()) {
            if (other !== index && each.bytes < held[other]) reliefs++
            await expectState(bench, each, tokens[other])
            expect(lengthsOf(each)).toContain(each.length)
          }
        }
        for (const memory of memories) memory.dispose()
        expect(bench.arena.bytesInUse).toBe(0)
      }),
      { seed: 4, numRuns: 80 },
    )
    expect(lacking).toBeGreaterThan(50)
    expect(reliefs).toBeGreaterThan(10)
  })

  it('reach the end of the prompt, what is held, and every row of the last draft', async () => {
    const bench = new Bench(HYBRID)
    const memory = bench.create()
    bench.run(memory, idsOf(100), 'prefill', { isPromptEnd: false })
    expect(lengthsOf(memory)).toEqual([0, 100])
    bench.run(memory, idsOf(50), 'prefill')
    // A part of a prompt leaves no checkpoint.
    expect(lengthsOf(memory)).toEqual([0, 150])
    bench.run(memory, idsOf(5), 'decode')
    expect(lengthsOf(memory)).toEqual([0, 150, 151, 152, 153, 154, 155])
    memory.hold()
    bench.run(memory, idsOf(1), 'decode')
    bench.run(memory, idsOf(16), 'decode')
    expect(lengthsOf(memory)).toEqual([0, 150, 155, ...Array.from({ length: 16 }, (_, i) => 157 + i)])
    memory.release()
    expect(await memory.truncate(160)).toBe(160)
    bench.run(memory, idsOf(1), 'decode')
    expect(lengthsOf(memory)).toEqual([0, 150, 161])
    // Of a longer run those of the last rows, and the one before it.
    bench.run(memory, idsOf(100), 'decode')
    expect(lengthsOf(memory)).toEqual([0, 150, 161, ...Array.from({ length: 16 }, (_, i) => 246 + i)])
    expect(memory.canShift).toBe(false)
    await expect(memory.shift(4, 10)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  })

  it('keep checkpoints of a long prompt, spread over all of it', async () => {
    const bench = new Bench()
    const memory = bench.create()
    for (let at = 0; at < 1024; at += 100) bench.run(memory, idsOf(100), 'prefill', { isPromptEnd: false })
    // The first ends of runs past the multiples of 512.
    expect(lengthsOf(memory)).toEqual([0, 600, 1100])
    for (let at = 0; at < 20_000; at += 128) bench.run(memory, idsOf(128), 'prefill', { isPromptEnd: false })
    bench.run(memory, idsOf(100), 'prefill')
    const lengths = lengthsOf(memory)
    expect(lengths.length).toBe(1 + 8)
    const gaps = lengths.slice(1).map((length, i) => length - lengths[i])
    expect(Math.max(...gaps)).toBeLessThan(2 * (memory.length / 7))
    bench.run(memory, idsOf(1), 'decode')
    expect(lengthsOf(memory)).toEqual([...lengths, memory.length])
  })

  it('take and give back one span per decoded token, so that nothing is allocated', () => {
    const bench = new Bench()
    const memory = bench.create()
    bench.run(memory, idsOf(10), 'prefill')
    for (let i = 0; i < 3; i++) bench.run(memory, idsOf(1), 'decode')
    const allocate = vi.spyOn(bench.arena, 'allocate')
    for (let i = 0; i < 50; i++) bench.run(memory, idsOf(1), 'decode')
    expect(allocate).not.toHaveBeenCalled()
    memory.dispose()
    expect(bench.arena.bytesInUse).toBe(0)
  })

  it('share states with forks', async () => {
    const bench = new Bench()
    const memory = bench.create()
    bench.run(memory, idsOf(10), 'prefill')
    bench.run(memory, idsOf(1), 'decode')
    const before = bench.arena.bytesInUse
    const fork = (await memory.fork()) as WasmMemory
    expect(bench.arena.bytesInUse).toBe(before)
    expect(lengthsOf(fork)).toEqual([0, 10, 11])
    bench.run(fork, [3], 'decode')
    await expectState(bench, memory, [...idsOf(10), ...idsOf(1)])
    await expectState(bench, fork, [...idsOf(10), ...idsOf(1), 3])
  })
})

describe('when memory is short', () => {
  const { bytes } = stateLayout(RECURRENT)
  const withStates = (states: number) => new Bench(RECURRENT, 64 + states * bytes)

  it('checkpoints give way, first of the sequence that has not been used for longest', () => {
    const bench = withStates(7)
    const [idle, active] = [bench.create(), bench.create()]
    for (const memory of [idle, active]) {
      for (let i = 0; i < 2; i++) bench.run(memory, idsOf(100), 'prefill')
      bench.run(memory, idsOf(1), 'decode')
      expect(lengthsOf(memory)).toEqual([0, 100, 200, 201])
    }
    // Six of seven are in use. A draft needs two, and gets no more than that.
    bench.run(active, idsOf(5), 'decode')
    expect(lengthsOf(idle)).toEqual([0, 200, 201])
    expect(lengthsOf(active)).toEqual([0, 100, 200, 201, 205, 206])
  })

  it('a sequence runs with the states that it needs, and fails without changes with less', async () => {
    const bench = new Bench(RECURRENT, 64 + sequenceBytes(RECURRENT, 1000, 'f16'))
    const memory = bench.create()
    bench.run(memory, idsOf(100), 'prefill')
    bench.run(memory, idsOf(100), 'prefill')
    bench.run(memory, idsOf(40), 'decode')
    expect(await memory.truncate(240)).toBe(240)
    await expectState(bench, memory, [...idsOf(100), ...idsOf(100), ...idsOf(40)])
    const other = bench.create()
    bench.run(other, [1], 'prefill')
    expect(() => bench.run(memory, idsOf(40), 'decode')).toThrow(outOfMemory)
    await expectState(bench, memory, [...idsOf(100), ...idsOf(100), ...idsOf(40)])
    other.dispose()
    bench.run(memory, idsOf(40), 'decode')
    expect(memory.length).toBe(280)
  })
})

describe('records', () => {
  it('are rejected, without a change, if they do not match the layers', async () => {
    const bench = new Bench(HYBRID)
    const [memory, other] = [bench.create(), bench.create()]
    bench.run(memory, idsOf(10), 'prefill')
    bench.run(other, idsOf(20, 3), 'prefill')
    const records = await other.save()
    expect(records.map(({ kind, first }) => [kind, first])).toEqual([
      ['recurrent', 20],
      ['kv', 0],
      ['recurrent', 20],
    ])
    const [first, second, third] = records
    const inUse = bench.arena.bytesInUse
    for (const wrong of [
      [first, second],
      [first, second, third, third],
      [third, second, first],
      [second, first, third],
      [{ ...first, first: 0 }, second, third],
      [{ ...first, bytes: new Uint8Array() }, second, third],
      [first, { ...second, bytes: second.bytes.slice(1) }, third],
      [first, second, { ...third, kind: 'kv' as const }],
    ]) {
      await expect(memory.restore(wrong, { length: 20 })).rejects.toMatchObject({ code: 'BAD_FORMAT' })
    }
    await expect(memory.restore(records, { length: 19 })).rejects.toMatchObject({ code: 'BAD_FORMAT' })
    await expectState(bench, memory, idsOf(10))
    expect(bench.arena.bytesInUse).toBe(inUse)
    await memory.restore(records, { length: 20, promptEnd: 20 })
    bench.run(memory, [5], 'decode')
    expect(lengthsOf(memory)).toEqual([0, 20, 21])
  })

  it('of an empty memory have no states', async () => {
    const bench = new Bench(HYBRID)
    const [memory, other] = [bench.create(), bench.create()]
    bench.run(other, [1, 2], 'prefill')
    await other.restore(await memory.save(), { length: 0 })
    await expectState(bench, other, [])
    expect(bench.arena.bytesInUse).toBe(0)
  })
})

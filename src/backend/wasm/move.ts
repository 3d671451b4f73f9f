import { MAX_ROWS } from '../batch.js'
import { PAGE_POSITIONS } from '../memory.js'
import type { Program } from '../program.js'
import { fillRopeTable, type RopeFrequencies } from '../rope.js'
import type { Engine } from './engine.js'
import type { Pointer } from './kernels.js'
import { kvFormat, type Plane } from './kv-layout.js'
import type { KvMemory } from './kv-memory.js'
import { pageOf } from './pages.js'
import type { Schedule } from './scheduled.js'
import type { Scratch } from './scratch.js'
import { ropeKernel } from './steps/rows.js'

/** What `moveSteps` needs of the executable. */
interface MoveContext {
  readonly program: Program
  readonly schedule: Schedule
  readonly engine: Engine
  readonly scratch: Scratch
  readonly frequencies: readonly RopeFrequencies[]
}

/**
 * Moves `count` positions of a memory from `from` down to `to`, some rows of a layer per step. A key's rotation encodes its
 * position, so keys are rotated back by the distance: through f32, so they are rounded once more. Positions that a windowed
 * layer does not hold are skipped.
 */
export function* moveSteps(
  memory: KvMemory,
  { from, to, count }: { from: number; to: number; count: number },
  { program, schedule, engine, scratch, frequencies }: MoveContext,
): Generator<() => void> {
  const { arena, kernels } = engine
  // Keys are widened to f32 in the buffers that the attention steps use for keys.
  const keyBuffers = new Map(
    schedule.steps.flatMap((step) => (step.kind === 'attention' && step.k ? [[step.memory, step.k]] : [])),
  )
  const distances = new Int32Array(MAX_ROWS).fill(to - from)
  for (const { group, layer } of memory.layout.layers) {
    const { memory: index } = layer
    const spec = program.memories[index]
    if (spec.kind !== 'kv') continue
    const { kvHeads, keyDim } = spec
    const table = memory.tables[group]
    const ropes = schedule.keyRopes.ropes[index]
    for (const { rope } of ropes) {
      // The same angle for every row. The keys already include the magnitude.
      const { dims } = program.ropes[rope]
      const angles = arena.floats(scratch.ropes[rope], MAX_ROWS * dims)
      fillRopeTable(angles, { ...frequencies[rope], magnitude: 1 }, distances)
    }
    for (let done = 0; done < count; ) {
      const [source, target] = [from + done, to + done]
      const rows = Math.min(
        count - done,
        PAGE_POSITIONS - (source % PAGE_POSITIONS),
        PAGE_POSITIONS - (target % PAGE_POSITIONS),
      )
      done += rows
      if (!table.has(pageOf(source)) || !table.has(pageOf(target))) continue
      const at = (position: number, { offset, rowBytes }: Plane) =>
        (table.pointer(pageOf(position)) + offset + (position % PAGE_POSITIONS) * rowBytes) as Pointer
      const copy = (plane: Plane) => {
        const bytes = arena.bytes(at(source, plane), rows * plane.rowBytes)
        arena.bytes(at(target, plane), bytes.length).set(bytes)
      }
      yield () => {
        if (ropes.length === 0) copy(layer.keys)
        else {
          const keys = scratch.buffers[keyBuffers.get(index)!.index]
          const format = kvFormat(memory.type).id
          kernels.dequantize(format, at(source, layer.keys), keys, rows * kvHeads * keyDim)
          for (const { rope, first } of ropes) {
            const { type, dims } = program.ropes[rope]
            const from = (keys + first * 4) as Pointer
            ropeKernel(engine, type)(from, scratch.ropes[rope], rows, kvHeads, keyDim, dims / 2)
          }
          kernels.store(format, keys, at(target, layer.keys), rows * kvHeads * keyDim)
        }
        copy(layer.values)
      }
    }
  }
}

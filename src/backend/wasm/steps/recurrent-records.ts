import type { VectorSlice } from '../../program.js'
import { aligned } from '../arena.js'
import type { Engine } from '../engine.js'
import type { Pointer } from '../kernels.js'
import type { Buffer, Scheduled } from '../scheduled.js'
import type { Weights } from '../weights.js'

/** A step with a state of constant size. */
export type ScheduledRecurrent = Scheduled & { kind: 'conv' | 'deltaRule' | 'stateScan' }

/** 32-bit words of the records, which are those of assembly/recurrent/. */
const WORDS = { conv: 7, deltaRule: 12, stateScan: 12 } as const

/** Bytes that the record of a step takes, with the kernel of a convolution. */
export function recurrentBytes(step: ScheduledRecurrent): number {
  return aligned(WORDS[step.kind] * 4) + (step.kind === 'conv' ? step.kernel.length * 4 : 0)
}

/** Writes the record of a step to memory of its own. Throws `OUT_OF_MEMORY`. */
export function writeRecurrent(
  { arena }: Engine,
  step: ScheduledRecurrent,
  weights: Weights,
  addressOf: (buffer: Buffer) => Pointer,
): Pointer {
  const record = arena.allocate(recurrentBytes(step), 'a recurrent layer')
  const words = new Uint32Array(arena.memory.buffer, record, WORDS[step.kind])
  const vector = (slice: VectorSlice | undefined) => (slice ? weights.vector(slice) : 0)
  switch (step.kind) {
    case 'conv': {
      const { x, out, kernel, taps, bias, silu } = step
      const at = (record + aligned(WORDS.conv * 4)) as Pointer
      words.set([addressOf(x), addressOf(out), at, vector(bias), x.width, taps, Number(silu)])
      const [from, to] = [weights.vector(kernel), at].map((pointer) => arena.floats(pointer, kernel.length))
      for (let channel = 0; channel < x.width; channel++) {
        for (let tap = 0; tap < taps; tap++) to[tap * x.width + channel] = from[channel * taps + tap]
      }
      return record
    }
    case 'deltaRule': {
      const { q, k, v, out, decay, beta, heads, keyHeads, scale, sharing } = step
      words.set([q, k, v, out, decay, beta].map(addressOf))
      words.set([heads, keyHeads, k.width / keyHeads, v.width / heads, Number(sharing === 'groups')], 6)
      arena.floats(record, words.length)[11] = scale
      return record
    }
    case 'stateScan': {
      const { x, out, b, c, step: steps, a, d, heads, groups } = step
      words.set([x, out, b, c, steps].map(addressOf))
      const isPerState = a.length > heads
      words.set(
        [vector(a), vector(d), heads, x.width / heads, groups, b.width / groups, Number(isPerState)],
        5,
      )
      return record
    }
  }
}

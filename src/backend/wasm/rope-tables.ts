import type { Batch, Run } from '../batch.js'
import type { Program } from '../program.js'
import { fillRopeTable, type RopeFrequencies, ropeFrequencies } from '../rope.js'
import type { KvMemory } from './kv-memory.js'
import type { Weights } from './weights.js'

/** A rotary embedding's frequencies: those of longrope differ between short and long contexts. */
interface Frequencies {
  readonly short: RopeFrequencies
  /** For context lengths of more than `originalContext`. */
  readonly long: RopeFrequencies
  readonly originalContext: number
}

/** The frequencies of a program's rotary embeddings. */
export class RopeTables {
  readonly #program: Program
  readonly #frequencies: readonly Frequencies[]

  /** Throws `BAD_FORMAT` for factors that are not positive. */
  constructor(program: Program, weights: Weights) {
    this.#program = program
    this.#frequencies = program.ropes.map((spec) => {
      const { factors, longFactors, dims, scaling } = spec
      const frequencies = (tensor: string | undefined) =>
        ropeFrequencies(spec, tensor === undefined ? undefined : weights.ropeFactors(tensor, dims / 2))
      const short = frequencies(factors)
      if (longFactors === undefined || scaling.type !== 'longrope') {
        return { short, long: short, originalContext: 0 }
      }
      return { short, long: frequencies(longFactors), originalContext: scaling.originalContext }
    })
  }

  /** The frequencies of embedding `rope` in a sequence. */
  of(rope: number, { contextLength }: Pick<KvMemory, 'contextLength'>): RopeFrequencies {
    const { short, long, originalContext } = this.#frequencies[rope]
    return contextLength > originalContext ? long : short
  }

  /** Fills embedding `rope`'s table f32[rows][2][dims / 2] for a batch. */
  fill(table: Float32Array, rope: number, { positions, runs }: Pick<Batch, 'positions' | 'runs'>): void {
    const { short, long } = this.#frequencies[rope]
    if (short === long) {
      fillRopeTable(table, short, positions)
      return
    }
    const { dims } = this.#program.ropes[rope]
    for (const { memory, firstRow, rows } of runs as readonly (Run & { memory: KvMemory })[]) {
      const own = Int32Array.from({ length: rows }, (_, row) => positions[firstRow + row])
      fillRopeTable(table.subarray(firstRow * dims), this.of(rope, memory), own)
    }
  }
}

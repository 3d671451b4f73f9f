/** What the benches of single kernels share: kernels compiled in memory, checks against scalar twins, turns. */
import { KERNEL_BUILDS } from '../../scripts/kernel-builds.mjs'
import type { KernelBuild } from '../../src/backend/wasm/kernel-builds.js'
import { ActivationKind, instantiateKernels, type Pointer } from '../../src/backend/wasm/kernels.js'
import { IQ3_S_NIBBLES } from '../../src/backend/wasm/repack/iq3-s.js'
import { REBIASED_F16 } from '../../src/backend/wasm/repack/rebiased-f16.js'
import { BLOCK_FORMATS, type BlockFormat, blockFormat, bytesFor } from '../../src/gguf/block-formats.js'
import { type BenchKernels, benchKernels } from '../../test/kernels/bench-kernels.js'
import { compileKernels } from '../../test/kernels/compile.js'
import { REFERENCE_FORMATS, terms } from '../../test/kernels/reference/blocks.js'
import { RandomBits } from '../../test/support/random-model/random-bits.js'
import { randomBlocks } from '../../test/support/random-model/random-blocks.js'

/** Bytes. */
const WIDEST_ROW = 16384

/** Kernels as their sources are now, so that a changed kernel is measured without a build. */
export interface KernelBench {
  readonly kernels: BenchKernels
  /** A place for so many bytes. */
  room(bytes: number): Pointer
  bytes(pointer: Pointer, length: number): Uint8Array
  floats(pointer: Pointer, length: number): Float32Array
  /** Random values from -0.5 to 0.5. */
  randomFloats(length: number): Pointer
  /** All formats that the kernels multiply, those that only the engine makes behind the others. */
  readonly formats: readonly BlockFormat[]
  /** Puts a matrix to `pointer`, in the form that its format is. */
  place(matrix: RandomMatrix, pointer: Pointer): void
}

/** A format's name, which forms that only the engine makes share with that of their files. */
export function nameOf(format: BlockFormat): string {
  return BLOCK_FORMATS.includes(format) ? format.name : `${format.name} here`
}

/** `variants` is a file whose exports join those of the kernels, such as './bench/kernels/variants/…/entry'. */
export async function createKernelBench(build: KernelBuild, variants?: string): Promise<KernelBench> {
  const memory = new WebAssembly.Memory({ initial: 16, maximum: 65536 })
  const files = ['./assembly/bench', ...(variants === undefined ? [] : [variants])]
  const source = files.map((file) => `export * from '${file}'`).join('\n')
  const compiled = variants === undefined ? await benchKernels(build) : await compileKernels(source, build)
  const kernels = (await instantiateKernels(compiled, memory)) as BenchKernels
  const random = new RandomBits(1)
  let free = kernels.heap_base()
  const room = (bytes: number): Pointer => {
    const pointer = (free + 63) & ~63
    free = pointer + bytes
    const missing = Math.ceil((free - memory.buffer.byteLength) / 65536)
    if (missing > 0) memory.grow(missing)
    return pointer as Pointer
  }
  const bytes = (pointer: Pointer, length: number) => new Uint8Array(memory.buffer, pointer, length)
  const floats = (pointer: Pointer, length: number) => new Float32Array(memory.buffer, pointer, length)
  const interleaved = BLOCK_FORMATS.flatMap((format) => {
    const id = kernels.x8_format(format.id)
    return id === 0 ? [] : [{ ...format, id }]
  })
  const scratch = room(WIDEST_ROW * 8)
  return {
    kernels,
    room,
    bytes,
    floats,
    formats: [...BLOCK_FORMATS, REBIASED_F16, IQ3_S_NIBBLES, ...interleaved].filter(
      ({ id }) => kernels.activation_kind(id) !== ActivationKind.unsupported,
    ),
    place({ format, blocks, rowBytes, rows }, pointer) {
      const from = (pointer + rows * rowBytes - blocks.length) as Pointer
      bytes(from, blocks.length).set(blocks)
      if (format.id === IQ3_S_NIBBLES.id)
        kernels.expand_iq3_s(from, pointer, (rows * rowBytes) / format.blockBytes)
      if (format.id === REBIASED_F16.id) kernels.rebias_f16(pointer, blocks.length / 2)
      if (interleaved.some(({ id }) => id === format.id))
        kernels.repack(format.id, pointer, rowBytes, rows, scratch)
    },
    randomFloats(length) {
      const pointer = room(length * 4)
      const values = floats(pointer, length)
      for (let i = 0; i < length; i++) values[i] = random.fraction() - 0.5
      return pointer
    },
  }
}

/** Throws if `actual` differs from the f64 reference by more than `tolerance`. */
export function check(what: string, actual: number, expected: number, tolerance: number): void {
  if (Math.abs(actual - expected) <= tolerance) return
  throw new Error(`${what} is ${actual}, and the reference says ${expected} ± ${tolerance}`)
}

/** Relative to the sum of all products' magnitudes, what rounding activations to a kind of integers may do to a sum. */
const ROUNDING: Readonly<Record<number, number>> = {
  [ActivationKind.f32]: 1e-5,
  [ActivationKind.int16]: 1e-4,
  [ActivationKind.int8]: 1e-2,
}

/** A matrix of random blocks whose products a scalar twin knows. */
export class RandomMatrix {
  /** As in a file. */
  readonly blocks: Uint8Array
  /** Bytes of a row in memory. */
  readonly rowBytes: number
  readonly #weights: readonly number[]

  constructor(
    readonly format: BlockFormat,
    readonly rows: number,
    readonly columns: number,
  ) {
    this.blocks = randomBlocks(blockFormat(format.name), rows * columns, new RandomBits(2), 0.02)
    this.rowBytes = bytesFor(format, columns)
    const reference = REFERENCE_FORMATS.find(({ name }) => name === format.name)
    if (!reference) throw new Error(`${format.name} has no twin`)
    // The first and the last row: as many as a bench may wait for.
    const ends = [0, rows - 1].flatMap((row) => [
      ...terms(reference, this.#row(row), blockFormat(format.name).blockBytes, (value) => value),
    ])
    this.#weights = ends.map(({ product, offset }) => product + offset)
  }

  /** Bytes in memory. */
  get bytes(): number {
    return this.rows * this.rowBytes
  }

  /** Throws unless the products of the first and the last row with `x` are right; `kind` is that of the activations. */
  check(products: Float32Array, x: Float32Array, kind: number): void {
    for (const [i, row] of [0, this.rows - 1].entries()) {
      let sum = 0
      let size = 0
      for (let column = 0; column < this.columns; column++) {
        const product = this.#weights[i * this.columns + column] * x[column]
        sum += product
        size += Math.abs(product)
      }
      check(`${this.format.name}, row ${row}`, products[row], sum, size * ROUNDING[kind])
    }
  }

  #row(row: number): Uint8Array {
    const bytes = this.blocks.length / this.rows
    return this.blocks.slice(row * bytes, (row + 1) * bytes)
  }
}

/** The build that the command line names, the baseline by default, and the other arguments. */
export function buildFromArguments(): { build: KernelBuild; rest: readonly string[] } {
  const given = process.argv.slice(2)
  const build = KERNEL_BUILDS.map(({ name }) => name).find((name) => given.includes(name)) ?? 'baseline'
  return { build, rest: given.filter((argument) => argument !== build) }
}

/** Something to be timed: `run` does it, `units` is how much that is. */
export interface Case {
  readonly units: number
  run(): void
}

/** How long a case runs at least before it is timed, in milliseconds: engines compile what runs much once more. */
const WARM_UP_MS = 50

/** The best rates of cases that took turns, in units a second: other load on the machine can only slow a run down. */
export function bestRates(cases: readonly Case[], rounds: number): number[] {
  for (const { run } of cases) {
    const start = performance.now()
    while (performance.now() - start < WARM_UP_MS) run()
  }
  const best = cases.map(() => Number.POSITIVE_INFINITY)
  for (let round = 0; round < rounds; round++) {
    for (const [i, { run }] of cases.entries()) {
      run()
      const start = performance.now()
      run()
      best[i] = Math.min(best[i], performance.now() - start)
    }
  }
  return cases.map(({ units }, i) => (units / best[i]) * 1000)
}

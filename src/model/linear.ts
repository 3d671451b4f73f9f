import type { Engine } from '../wasm/engine.js'
import { ActivationKind, type Pointer } from '../wasm/kernels.js'
import type { Scratch } from './scratch.js'
import type { Linear } from './weights.js'

/**
 * The input of one or more linear layers: f32[tokens][columns] at `x`. Quantised for decode at most once, however
 * many layers read it.
 */
export class Activations {
  readonly #engine: Engine
  readonly #scratch: Scratch
  #x = 0 as Pointer
  #columns = 0
  #tokens = 0
  #tiled = false
  #quantised = false

  constructor(engine: Engine, scratch: Scratch) {
    this.#engine = engine
    this.#scratch = scratch
  }

  /**
   * Takes another input; what was quantised before is forgotten. `tiled`: through the matrix product, whose bits
   * differ a little from the rows'. Without it there are fewer than MIN_TILE tokens.
   */
  set(x: Pointer, columns: number, tokens: number, tiled: boolean): this {
    this.#x = x
    this.#columns = columns
    this.#tokens = tokens
    this.#tiled = tiled
    this.#quantised = false
    return this
  }

  /** out[token] = W x[token] (+ bias); `out` is f32[tokens][rows]. */
  project(linear: Linear, out: Pointer): void {
    const { kernels } = this.#engine
    const { format, pointer, rows, columns, bias } = linear
    const tokens = this.#tokens
    if (this.#tiled) {
      kernels.matmul(
        format.id,
        pointer,
        this.#x,
        columns * 4,
        out,
        rows,
        columns,
        tokens,
        rows,
        this.#scratch.panel,
      )
    } else {
      for (let token = 0; token < tokens; token++) {
        const x = linear.quantised ? this.#quantisedRow(token) : this.#row(token)
        kernels.matvec(format.id, pointer, x, (out + token * rows * 4) as Pointer, rows, columns)
      }
    }
    if (bias === undefined) return
    for (let token = 0; token < tokens; token++) kernels.add(bias, (out + token * rows * 4) as Pointer, rows)
  }

  #row(token: number): Pointer {
    return (this.#x + token * this.#columns * 4) as Pointer
  }

  #quantisedRow(token: number): Pointer {
    if (!this.#quantised) {
      for (let t = 0; t < this.#tokens; t++) {
        this.#engine.kernels.quantize_activations(
          ActivationKind.int16,
          this.#row(t),
          this.#slot(t),
          this.#columns,
        )
      }
      this.#quantised = true
    }
    return this.#slot(token)
  }

  #slot(token: number): Pointer {
    return (this.#scratch.activations + token * this.#scratch.activationBytes) as Pointer
  }
}

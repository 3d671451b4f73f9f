import type { Phase } from '../../src/backend/batch.js'
import { RandomBits } from './random-model/random-bits.js'

/** Values of a state. */
export const WIDTH = 16

/**
 * A small recurrent network in plain JavaScript: state' = f(state, token). Its two phases sum in opposite orders, in
 * f32, so that they differ in the last bits, like an engine's; and it is chaotic, so that a single different bit changes
 * every later state.
 */
export class RecurrentNetwork {
  readonly vocab: number
  readonly #recurrence: Float32Array
  readonly #embedding: Float32Array
  readonly #output: Float32Array

  constructor(vocab: number) {
    this.vocab = vocab
    this.#recurrence = randomValues('recurrence', WIDTH * WIDTH, 1.5)
    this.#embedding = randomValues('embedding', vocab * WIDTH, 1)
    this.#output = randomValues('output', vocab * WIDTH, 2)
  }

  initialState(): Float32Array {
    return new Float32Array(WIDTH)
  }

  /** The state after `id`. */
  next(state: Float32Array, id: number, phase: Phase): Float32Array {
    const next = new Float32Array(WIDTH)
    for (let i = 0; i < WIDTH; i++) {
      const sum = Math.fround(
        this.#embedding[id * WIDTH + i] + dot(this.#recurrence, i * WIDTH, state, phase === 'prefill'),
      )
      next[i] = sum / (1 + Math.abs(sum))
    }
    return next
  }

  logits(state: Float32Array): Float32Array {
    return Float32Array.from({ length: this.vocab }, (_, id) => dot(this.#output, id * WIDTH, state, false))
  }

  /** The state after tokens that were evaluated in these phases. */
  stateAfter(ids: readonly number[], phaseAt: (position: number) => Phase): Float32Array {
    return ids.reduce((state, id, at) => this.next(state, id, phaseAt(at)), this.initialState())
  }
}

function dot(weights: Float32Array, at: number, values: Float32Array, isBackward: boolean): number {
  let sum = 0
  for (let i = 0; i < WIDTH; i++) {
    const j = isBackward ? WIDTH - 1 - i : i
    sum = Math.fround(sum + Math.fround(weights[at + j] * values[j]))
  }
  return sum
}

function randomValues(label: string, count: number, scale: number): Float32Array {
  const random = new RandomBits(11, label)
  return Float32Array.from({ length: count }, () => (2 * random.fraction() - 1) * scale)
}

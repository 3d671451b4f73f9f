import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'

/**
 * xoshiro128**: 128 bits of state, period 2^128 − 1, integer operations only, so that a seed gives the same numbers
 * on every engine. Source: Blackman and Vigna 2021; seeded by splitmix32 as they advise.
 */
export class Rng {
  #seed = 0
  readonly #state = new Uint32Array(4)

  /** `seed`: a whole number from 0 to 2^53 − 1. Throws `INVALID_ARGUMENT`. */
  constructor(seed: number) {
    this.reseed(seed)
  }

  /** The seed of the current sequence. */
  get seed(): number {
    return this.#seed
  }

  /** Resets the state to that of `new Rng(seed)`. */
  reseed(seed: number): void {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new DasllamaError(
        'INVALID_ARGUMENT',
        `seed must be a whole number from 0 to 2^53 - 1, not ${describeValue(seed)}`,
      )
    }
    this.#seed = seed
    let low = seed >>> 0
    // The upper bits of a large seed select another stream, so seeds with equal low halves differ.
    const high = Math.floor(seed / 2 ** 32)
    for (let i = 0; i < 4; i++) {
      low = (low + 0x9e3779b9) >>> 0
      this.#state[i] = mix32(low ^ mix32(high + i))
    }
    // All zeros is the one state that xoshiro never leaves.
    if (this.#state.every((word) => word === 0)) this.#state[0] = 1
  }

  /** The state: four words for `restore`. */
  save(): Uint32Array {
    return this.#state.slice()
  }

  /** Continues from a saved state of the same seed. */
  restore(seed: number, state: Uint32Array): void {
    this.reseed(seed)
    this.#state.set(state)
  }

  /** 32 random bits. */
  nextUint32(): number {
    const s = this.#state
    const scrambled = Math.imul(rotateLeft(Math.imul(s[1], 5), 7), 9) >>> 0
    const shifted = s[1] << 9
    s[2] ^= s[0]
    s[3] ^= s[1]
    s[1] ^= s[2]
    s[0] ^= s[3]
    s[2] ^= shifted
    s[3] = rotateLeft(s[3], 11)
    return scrambled
  }

  /** A number in [0, 1) with 53 random bits. */
  nextUniform(): number {
    const high = this.nextUint32() >>> 5
    const low = this.nextUint32() >>> 6
    return (high * 2 ** 26 + low) / 2 ** 53
  }
}

/** The finaliser of splitmix32: every input bit reaches every output bit. */
function mix32(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return (x ^ (x >>> 16)) >>> 0
}

function rotateLeft(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits))
}

/** A random seed, for callers that pass none. */
export function randomSeed(): number {
  return Math.floor(Math.random() * 2 ** 32)
}

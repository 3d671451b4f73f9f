import { KV_TYPES, type KvType } from '../backend/memory.js'
import { checkCount, checkOneOf, checkOptions } from '../checks.js'
import { type ContextShift, resolveContextShift } from './context-shift.js'

export interface SessionOptions {
  /** Seed of the session's random numbers, 0 to 2^53 − 1. Default: a random one, which `session.seed` returns. */
  seed?: number
  /** Element type of cached keys and values: `f16`, `f32`, or `q8_0`, which takes half of f16. Default `f16`. */
  kvType?: KvType
  /** The most positions that it may have. Memory is taken as they are used. Default: the model's `contextLength`. */
  contextLength?: number
  /**
   * When the context is full, the oldest half of the tokens after the first `keep` leaves it and the rest moves up;
   * `true` keeps 4. Default: a full context ends a generation. Not every model's memory can do so (`UNSUPPORTED`).
   */
  contextShift?: ContextShift | boolean
}

/** A session's options, checked. */
export interface ResolvedSessionOptions {
  readonly seed: number | undefined
  readonly kvType: KvType
  readonly contextLength: number
  /** Tokens that a context shift keeps at the beginning; `undefined` where there is none. */
  readonly shiftKeep: number | undefined
}

/**
 * Fills in the defaults. Throws `INVALID_ARGUMENT` for what is out of range. The seed is checked by those who use it.
 */
export function resolveSessionOptions(
  options: SessionOptions,
  defaultContextLength: number,
): ResolvedSessionOptions {
  checkOptions(options)
  const { seed, kvType = 'f16', contextLength = defaultContextLength, contextShift } = options
  checkOneOf('kvType', kvType, KV_TYPES)
  checkCount('contextLength', contextLength, 1, 2 ** 24)
  return { seed, kvType, contextLength, shiftKeep: resolveContextShift(contextShift, contextLength) }
}

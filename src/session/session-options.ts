import { KV_TYPES, type KvType } from '../backend/memory.js'
import { checkCount, checkOneOf, checkOptions } from '../checks.js'
import { type ContextShift, resolveContextShift } from './context-shift.js'
import { resolvePrefixScope } from './prefix-cache-options.js'

/** Options of `model.createSession`. */
export interface SessionOptions {
  /** Seed of the session's random numbers, 0 to 2^53 − 1. Default: a random one, which `session.seed` returns. */
  seed?: number
  /** Element type of cached keys and values: `f16`, `f32`, or `q8_0`, which takes half of f16. Default `f16`. */
  kvType?: KvType
  /**
   * The most tokens it can have, 1 to 2^24. Memory is allocated as they are evaluated, for 128 at a time. Default: the
   * model's `contextLength`.
   */
  contextLength?: number
  /**
   * When the context is full, drop the older half of the tokens after the first `keep`; `true` keeps 4. Default: a full
   * context ends a generation. Not every model supports it (`UNSUPPORTED`).
   */
  contextShift?: ContextShift | boolean
  /**
   * Whether its prompts use and feed the model's prefix cache, if that has one (option `prefixCache` of `loadModel`). With a
   * `scope`, only sessions of the same scope share: how fast a prompt is read shows whether another session has read its
   * beginning, which tenants should not learn of each other. Default true, with the scope ''.
   */
  prefixCache?: boolean | { scope: string }
}

/** Checked `SessionOptions`. */
export interface ResolvedSessionOptions {
  readonly seed: number | undefined
  readonly kvType: KvType
  readonly contextLength: number
  /** Tokens that a context shift keeps at the beginning; `undefined` without context shift. */
  readonly shiftKeep: number | undefined
  /** The scope in which its prompts are shared; `undefined`: they are not. */
  readonly prefixScope: string | undefined
}

/**
 * Fills in the defaults. Throws `INVALID_ARGUMENT` for values out of range; the seed is checked where it is used.
 */
export function resolveSessionOptions(
  options: SessionOptions,
  defaultContextLength: number,
): ResolvedSessionOptions {
  checkOptions(options)
  const { seed, kvType = 'f16', contextLength = defaultContextLength, contextShift } = options
  const prefixScope = resolvePrefixScope(options.prefixCache)
  checkOneOf('kvType', kvType, KV_TYPES)
  checkCount('contextLength', contextLength, 1, 2 ** 24)
  const shiftKeep = resolveContextShift(contextShift, contextLength)
  return { seed, kvType, contextLength, shiftKeep, prefixScope }
}

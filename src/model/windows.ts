import type { RopeSpec } from '../backend/rope.js'
import { type Config, readRopeTheta } from './config.js'
import type { HyperparameterReader } from './hyperparameter-reader.js'

/** What a family assumes where its file does not say it. */
export interface WindowDefaults {
  /** Size of the window; 0: no layer has one. Default: the file must have the key. */
  readonly window?: number
  /**
   * Layers per period, of which one is global and the others have a window; 1: no layer has one, 0: all have. Default: the file
   * must have the pattern.
   */
  readonly period?: number
  /** Which layer of a period is global. Default `last`. */
  readonly global?: 'first' | 'last'
}

/**
 * The sliding window of each layer: how many positions a token attends to, its own included; `undefined` for global layers,
 * which attend to all. Reads `attention.sliding_window` and `attention.sliding_window_pattern`, a flag per layer or the
 * period. Source: Beltagy et al. 2020 (Longformer). Throws `MISSING` or `BAD_FORMAT`, naming the key.
 */
export function readWindows(
  reader: HyperparameterReader,
  layers: number,
  { window: fallback, period, global = 'last' }: WindowDefaults,
): readonly (number | undefined)[] {
  const window = reader.count('attention.sliding_window', { fallback, minimum: 0 })
  const hasWindow = window === 0 ? () => false : readPattern(reader, layers, period, global)
  return Array.from({ length: layers }, (_, layer) => (hasWindow(layer) ? window : undefined))
}

/** Which layers have a window. */
function readPattern(
  reader: HyperparameterReader,
  layers: number,
  fallback: number | undefined,
  global: 'first' | 'last',
): (layer: number) => boolean {
  const key = 'attention.sliding_window_pattern'
  const flags = reader.layerFlags(key, layers)
  if (flags) return (layer) => flags[layer]
  const period = reader.count(key, { fallback, minimum: 0 })
  if (period === 0) return () => true
  const isGlobal = global === 'first' ? 0 : period - 1
  return (layer) => layer % period !== isGlobal
}

/** The rotary embedding of local layers beside global ones: its base is `rope.freq_base_swa`; the file's scaling is not theirs. */
export function readLocalRope(reader: HyperparameterReader): Pick<RopeSpec, 'theta' | 'scaling'> {
  return { theta: readRopeTheta(reader, 'rope.freq_base_swa'), scaling: { type: 'none' } }
}

/** The rotary embedding of windowed layers: their base is `rope.freq_base_swa`, by default that of the other layers. */
export function readWindowRope(
  reader: HyperparameterReader,
  { ropeTheta }: Pick<Config, 'ropeTheta'>,
): Pick<RopeSpec, 'theta'> {
  return { theta: readRopeTheta(reader, 'rope.freq_base_swa', ropeTheta) }
}

import { loadModel, type Model } from '../../src/index.js'
import type { GeneratedToken, Generation } from '../../src/session/generation.js'
import { smallModel } from '../model/small.js'

/** A random model of two layers, loaded. */
export function loadSmall(options: Parameters<typeof smallModel>[0] = {}): Promise<Model> {
  return loadModel(smallModel(options))
}

/** Runs a generation to its end. */
export async function collect(generation: Generation): Promise<GeneratedToken[]> {
  const tokens: GeneratedToken[] = []
  for await (const token of generation) tokens.push(token)
  return tokens
}

/** The ids of a whole generation. */
export async function idsOf(generation: Generation): Promise<readonly number[]> {
  await collect(generation)
  return generation.ids
}

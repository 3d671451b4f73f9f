import { expect } from 'vitest'
import { cosineSimilarity, embed, type LoadOptions, loadModel } from '../../src/index.js'
import type { TokenId } from '../../src/tokenizer/tokenizer.js'
import type { LlamaCpp } from './llama-cpp.js'
import { type Rounding, roundingOf } from './rounding.js'

/**
 * Maximum distance of an exact engine's embeddings from llama.cpp's, which rounds activations for its dot products
 * (see follow.ts). At least one and a half times the measured value, given in the comments.
 */
export interface Distance {
  /** Largest 1 − cosine. */
  readonly angle: number
  /** Largest relative difference of the lengths before normalisation. */
  readonly length: number
}

const DISTANCES: Readonly<Record<Rounding, Distance>> = {
  f32: { angle: 2e-7, length: 1e-4 }, // 5e-8, 5e-5
  f16: { angle: 2e-7, length: 1e-4 }, // 1.4e-8, 2.7e-5
  bf16: { angle: 2e-5, length: 2e-4 }, // 5e-6, 6e-5
  'per-32': { angle: 3e-4, length: 3e-3 }, // 1.1e-4, 1.1e-3
  'per-256': { angle: 1e-3, length: 6e-3 }, // 3.7e-4, 2.9e-3
}

/** Fails unless a vector, not normalised, is llama.cpp's. */
export function expectVector(
  actual: Float32Array,
  expected: ArrayLike<number>,
  format: string,
  { angle, length }: Distance = DISTANCES[roundingOf(format)],
): void {
  expect(actual).toHaveLength(expected.length)
  expect(1 - cosineSimilarity(actual, expected)).toBeLessThan(angle)
  expect(Math.abs(Math.hypot(...actual) / Math.hypot(...Array.from(expected)) - 1)).toBeLessThan(length)
}

/** Compares the vectors of texts with llama.cpp's, for every pooling that gives one vector per text. */
export async function expectVectors(
  oracle: LlamaCpp,
  files: { readonly path: string; readonly oraclePath?: string; readonly format: string },
  texts: (encode: (text: string) => TokenId[]) => readonly (readonly TokenId[])[],
  options: LoadOptions & { readonly distance?: Distance } = {},
): Promise<void> {
  await using model = await loadModel(files.path, options)
  const ids = texts((text) => model.encode(text))
  for (const pooling of ['mean', 'cls', 'last'] as const) {
    const expected = await oracle.embeddings(files.oraclePath ?? files.path, ids, pooling)
    const actual = await embed(model, ids, { pooling, normalize: false })
    for (const [i, vector] of actual.entries()) {
      expectVector(vector, expected[i], files.format, options.distance)
    }
  }
}

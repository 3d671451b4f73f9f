import type { Config } from '../../src/model/config.js'

/** The configuration of a family that the builder's tests invent. */
export const CONFIG: Config = {
  architecture: 'invented',
  name: undefined,
  contextLength: 64,
  vocabSize: 50,
  embeddingLength: 24,
  feedForwardLength: 40,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headDim: 8,
  valueDim: 8,
  ropeType: 'neox',
  ropeDim: 8,
  ropeTheta: 10_000,
  ropeScaling: { type: 'none' },
  attentionScale: 0.25,
  normEpsilon: 1e-6,
  pooling: undefined,
}

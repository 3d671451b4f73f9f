import type { Value } from '../backend/program.js'
import type { Builder, LayerBuilder } from './builder/builder.js'
import type { Config } from './config.js'

/**
 * Per-layer embeddings: each token has a row of a second table with a short vector for each layer, to which a projection of
 * its embedding is added. Returns the vector of a layer. Source: Gemma 3n. `x`: the scaled embedding; `width`: of a vector.
 */
export function perLayerInputs(
  b: Builder,
  { layers, embeddingLength }: Config,
  x: Value,
  width: number,
): (l: LayerBuilder) => Value {
  const columns = width * layers
  const rows = b.scale(b.embed('per_layer_token_embd', { columns }), Math.sqrt(width))
  const projected = b.linear(x, 'per_layer_model_proj', columns, { heads: layers })
  const normed = b.headNorm(b.scale(projected, 1 / Math.sqrt(embeddingLength)), 'per_layer_proj_norm')
  const inputs = b.splitHeads(b.scale(b.add(normed, b.splitHeads(rows, layers)), Math.SQRT1_2), 1)
  return (l) => l.slice(inputs, l.layer * width, width)
}

/** What a layer's vector adds to the residual stream: it gates a projection of `x`. */
export function perLayerResidual(l: LayerBuilder, x: Value, input: Value): Value {
  const gate = l.gelu(l.linear(x, 'inp_gate', input.width))
  return l.rmsNorm(l.linear(l.multiply(gate, input), 'proj', x.width), 'post_norm')
}

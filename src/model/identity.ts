import { hash32 } from '../math/hash.js'
import type { Arena } from '../wasm/arena.js'
import type { Pointer } from '../wasm/kernels.js'
import type { Config } from './config.js'
import type { LoadedTensor } from './weights.js'

/** Bytes that are looked at in one place of a tensor, and in how many places. */
const SAMPLE_BYTES = 64
const SAMPLES = 64

/**
 * 16 hexadecimal digits that tell models apart by what their results depend on: the configuration, the names, shapes
 * and formats of the tensors, and samples of each one's bytes. What the file is called and how it is cut into parts
 * does not count.
 */
export function modelIdentity(config: Config, tensors: readonly LoadedTensor[], arena: Arena): string {
  // Two hashes from different seeds: 32 bits alone would collide among the models of the world.
  let low = 1
  let high = 2
  const add = (bytes: Uint8Array) => {
    low = hash32(bytes, low)
    high = hash32(bytes, high)
  }
  const addText = (value: unknown) => add(new TextEncoder().encode(JSON.stringify(value)))
  const { architecture, heads, kvHeads, headDim, ropeDim, ropeTheta, ropeScaling } = config
  const { attentionScale, rmsEpsilon } = config
  addText([
    architecture,
    heads,
    kvHeads,
    headDim,
    ropeDim,
    ropeTheta,
    ropeScaling,
    attentionScale,
    rmsEpsilon,
  ])
  for (const { tensor, pointer } of tensors) {
    addText([tensor.name, tensor.format.name, tensor.shape])
    const { byteLength } = tensor
    if (byteLength <= SAMPLES * SAMPLE_BYTES) {
      add(arena.bytes(pointer, byteLength))
      continue
    }
    for (let i = 0; i < SAMPLES; i++) {
      const offset = Math.floor((i * (byteLength - SAMPLE_BYTES)) / (SAMPLES - 1))
      add(arena.bytes((pointer + offset) as Pointer, SAMPLE_BYTES))
    }
  }
  return hex(high) + hex(low)
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0')
}

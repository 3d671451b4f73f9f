import { hash32 } from '../math/hash.js'
import type { Arena } from '../wasm/arena.js'
import type { Pointer } from '../wasm/kernels.js'
import type { Config } from './config.js'
import type { LoadedTensor } from './weights.js'

/** Tensors up to this many bytes are looked at as a whole, of larger ones a word every `STRIDE` bytes. */
const WHOLE_BYTES = 2 ** 18
const STRIDE = 1024

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
    add(sampleOf(arena, pointer, tensor.byteLength))
  }
  return hex(high) + hex(low)
}

function sampleOf(arena: Arena, pointer: Pointer, byteLength: number): Uint8Array {
  if (byteLength <= WHOLE_BYTES) return arena.bytes(pointer, byteLength)
  const words = new Uint32Array(arena.memory.buffer, pointer, byteLength >>> 2)
  const sample = Uint32Array.from(
    { length: Math.ceil(byteLength / STRIDE) },
    (_, i) => words[(i * STRIDE) / 4],
  )
  return new Uint8Array(sample.buffer)
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0')
}

import { bytesFor } from '../gguf/block-formats.js'
import { hash32 } from '../math/hash.js'
import type { Engine } from '../wasm/engine.js'
import type { Config } from './config.js'
import type { LoadedTensor } from './weights.js'

/** Tensors up to this many bytes are looked at as a whole, of larger ones a word every `STRIDE` bytes. */
const WHOLE_BYTES = 2 ** 18
const STRIDE = 1024

/**
 * 16 hexadecimal digits that tell models apart by what their results depend on: the configuration, the names, shapes
 * and formats of the tensors, and samples of each one's bytes in the file. What the file is called and how it is cut into
 * parts, and how the rows lie in memory, does not count.
 */
export function modelIdentity(config: Config, tensors: readonly LoadedTensor[], engine: Engine): string {
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
  for (const loaded of tensors) {
    const { name, format, shape } = loaded.tensor
    addText([name, format.name, shape])
    add(sampleOf(loaded, engine))
  }
  return hex(high) + hex(low)
}

function sampleOf({ tensor, format, pointer }: LoadedTensor, { arena, kernels }: Engine): Uint8Array {
  const { byteLength, shape } = tensor
  const isWhole = byteLength <= WHOLE_BYTES
  const isInterleaved = format !== tensor.format
  if (isWhole && !isInterleaved) return arena.bytes(pointer, byteLength)
  const words = new Uint32Array(arena.memory.buffer, pointer, byteLength >>> 2)
  const rowBytes = bytesFor(format, shape[0])
  const stride = isWhole ? 4 : STRIDE
  const sample = Uint32Array.from({ length: Math.ceil(byteLength / stride) }, (_, i) =>
    isInterleaved ? kernels.file_word(format.id, pointer, rowBytes, i * stride) : words[(i * stride) / 4],
  )
  return new Uint8Array(sample.buffer)
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0')
}

import { createEngine, type Engine } from '../backend/wasm/engine.js'
import { ActivationKind, type Pointer } from '../backend/wasm/kernels.js'
import { DasllamaError } from '../errors.js'
import type { BlockFormat } from '../gguf/block-formats.js'
import { bf16ToF32, f16ToF32 } from '../gguf/half.js'

/** Loads the engine's kernels. */
export type LoadKernels = () => Promise<Uint8Array<ArrayBuffer> | WebAssembly.Module>

/**
 * Dequantizes to f32, exactly as llama.cpp does: floats here, block formats with the engine's kernels, which are loaded when
 * they are needed first.
 */
export class Dequantizer {
  readonly #loadKernels: LoadKernels
  #engine: Promise<Engine> | undefined
  /** Memory of the kernels for the blocks and for their values, as large as the largest request. */
  #buffers:
    | { readonly blocks: Pointer; readonly values: Pointer; readonly bytes: number; readonly count: number }
    | undefined

  constructor(loadKernels: LoadKernels) {
    this.#loadKernels = loadKernels
  }

  /**
   * The values of whole blocks. Rejects with `UNSUPPORTED`, naming `what`, if the kernels do not support the format.
   */
  async values(format: BlockFormat, bytes: Uint8Array<ArrayBuffer>, what: string): Promise<Float32Array> {
    const count = (bytes.length / format.blockBytes) * format.blockElements
    switch (format.name) {
      case 'F32':
        return new Float32Array(bytes.buffer, bytes.byteOffset, count)
      case 'F16':
        return fromHalves(bytes, f16ToF32)
      case 'BF16':
        return fromHalves(bytes, bf16ToF32)
    }
    this.#engine ??= this.#loadKernels().then(createEngine)
    const { kernels, arena } = await this.#engine
    if (kernels.activation_kind(format.id) === ActivationKind.unsupported) {
      throw new DasllamaError('UNSUPPORTED', `${what} has format ${format.name}, which cannot be read yet`)
    }
    if (!this.#buffers || this.#buffers.bytes < bytes.length || this.#buffers.count < count) {
      if (this.#buffers) {
        arena.free(this.#buffers.blocks)
        arena.free(this.#buffers.values)
      }
      const blocks = arena.allocate(bytes.length, what)
      this.#buffers = { blocks, values: arena.allocate(4 * count, what), bytes: bytes.length, count }
    }
    const { blocks, values } = this.#buffers
    arena.bytes(blocks, bytes.length).set(bytes)
    kernels.dequantize(format.id, blocks, values, count)
    return new Float32Array(arena.bytes(values, 4 * count).slice().buffer)
  }
}

function fromHalves(bytes: Uint8Array<ArrayBuffer>, convert: (half: number) => number): Float32Array {
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2)
  const values = new Float32Array(halves.length)
  for (let i = 0; i < halves.length; i++) values[i] = convert(halves[i])
  return values
}

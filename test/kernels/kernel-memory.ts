import { readFile } from 'node:fs/promises'
import { instantiateKernels, type Kernels, type Pointer } from '../../src/wasm/kernels.js'

/** The built kernels on 16 MiB of memory, with an allocator that only moves forward. */
export class KernelMemory {
  readonly buffer: ArrayBuffer
  #next: number

  private constructor(
    readonly kernels: Kernels,
    memory: WebAssembly.Memory,
  ) {
    this.buffer = memory.buffer
    this.#next = kernels.heap_base()
  }

  /** Throws when dist/kernels.wasm is not there: `npm run build` makes it. */
  static async load(): Promise<KernelMemory> {
    const memory = new WebAssembly.Memory({ initial: 256, maximum: 65536 })
    const binary = await readFile(new URL('../../dist/kernels.wasm', import.meta.url))
    return new KernelMemory(await instantiateKernels(binary, memory), memory)
  }

  /** `bytes` bytes at an address that 16 divides. */
  allocate(bytes: number): Pointer {
    const pointer = (this.#next + 15) & ~15
    this.#next = pointer + bytes
    if (this.#next > this.buffer.byteLength)
      throw new Error(`no room for ${bytes} more bytes in the test memory`)
    return pointer as Pointer
  }

  bytes(pointer: Pointer, length: number): Uint8Array {
    return new Uint8Array(this.buffer, pointer, length)
  }

  f32(pointer: Pointer, length: number): Float32Array {
    return new Float32Array(this.buffer, pointer, length)
  }
}

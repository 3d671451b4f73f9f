import { describe, expect, it } from 'vitest'
import { WASM_LIMIT } from '../../../src/backend/wasm/arena.js'
import { createEngine } from '../../../src/backend/wasm/engine.js'
import { instantiateKernels, PAGE_BYTES } from '../../../src/backend/wasm/kernels.js'
import { platform } from '../../../src/platform/node/platform.js'

describe('an engine', () => {
  it('keeps the arena above the kernels’ data and within the limit', async () => {
    const { kernels, arena } = await createEngine(await platform.loadKernels(), {
      memoryLimit: 3 * 2 ** 20 + 5,
    })
    const first = arena.allocate(1, 'x')
    expect(first).toBeGreaterThanOrEqual(kernels.heap_base())
    expect(first).toBeLessThan(kernels.heap_base() + 64)
    expect(arena.limit).toBe(3 * 2 ** 20)
    expect(() => arena.memory.grow(3 * 16)).toThrow(RangeError)
  })

  it('has a small memory before it is used', async () => {
    const { arena } = await createEngine(await platform.loadKernels())
    expect(arena.memory.buffer.byteLength).toBe(16 * PAGE_BYTES)
    expect(arena.limit).toBeGreaterThan(WASM_LIMIT - 2 * PAGE_BYTES)
  })

  it('has static data that fits into its first pages', async () => {
    const { kernels } = await createEngine(await platform.loadKernels())
    expect(kernels.heap_base()).toBeLessThan(16 * PAGE_BYTES)
  })

  it('names the cause, suitable runtimes and what a page must allow when the kernels cannot be instantiated', async () => {
    const memory = new WebAssembly.Memory({ initial: 1 })
    const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d)
    await expect(instantiateKernels(empty, memory)).rejects.toMatchObject({
      name: 'DasllamaError',
      code: 'UNSUPPORTED',
      message: expect.stringMatching(/^the kernels could not be instantiated: \S/),
      hint: expect.stringMatching(/SIMD.*'wasm-unsafe-eval'/),
      cause: expect.any(Error),
    })
  })
})

import { describe, expect, it, vi } from 'vitest'
import { createEngine } from '../../../src/backend/wasm/engine.js'
import { instantiateKernels, PAGE_BYTES } from '../../../src/backend/wasm/kernels.js'
import { WASM_LIMIT } from '../../../src/backend/wasm/limits.js'
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

  it('names the cause and suitable runtimes when the kernels cannot be instantiated', async () => {
    const memory = new WebAssembly.Memory({ initial: 1 })
    const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d)
    await expect(instantiateKernels(empty, memory)).rejects.toMatchObject({
      name: 'DasllamaError',
      code: 'UNSUPPORTED',
      message: expect.stringMatching(/^the kernels could not be instantiated: \S/),
      hint: expect.stringMatching(/SIMD.*Node 20/),
      cause: expect.any(Error),
    })
  })

  it.each([
    [
      'Chromium',
      `WebAssembly.instantiate(): Compiling or instantiating WebAssembly module violates the following Content Security policy directive because neither 'wasm-unsafe-eval' nor 'unsafe-eval' is an allowed source of script`,
      /'wasm-unsafe-eval'/,
    ],
    ['Firefox', 'call to WebAssembly.instantiate() blocked by CSP', /'wasm-unsafe-eval'/],
    [
      'Safari',
      `Refused to create a WebAssembly object because 'unsafe-eval' or 'wasm-unsafe-eval' is not an allowed source of script in the following Content Security Policy directive`,
      /'wasm-unsafe-eval'/,
    ],
    [
      'workerd',
      'WebAssembly.instantiate(): Wasm code generation disallowed by embedder',
      /compiled WebAssembly\.Module/,
    ],
  ])('names what %s must allow, instead of SIMD', async (_, message, hint) => {
    const refuse = vi
      .spyOn(WebAssembly, 'instantiate')
      .mockRejectedValue(new WebAssembly.CompileError(message))
    try {
      const memory = new WebAssembly.Memory({ initial: 1 })
      const error = await instantiateKernels(await platform.loadKernels(), memory).catch((reason) => reason)
      expect(error).toMatchObject({ code: 'UNSUPPORTED', hint: expect.stringMatching(hint) })
      expect(error.hint).not.toContain('SIMD')
    } finally {
      refuse.mockRestore()
    }
  })
})

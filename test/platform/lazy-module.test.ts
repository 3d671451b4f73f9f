import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it, vi } from 'vitest'
import { LazyModule } from '../../src/lazy-module.js'

describe('a module that is loaded on first use', () => {
  it('is imported once', async () => {
    const load = vi.fn(async () => ({ name: 'grammar' }))
    const grammar = new LazyModule(load)
    expect(load).not.toHaveBeenCalled()
    const [first, second] = await Promise.all([grammar.load(), grammar.load()])
    expect(first).toBe(second)
    expect(load).toHaveBeenCalledOnce()
  })

  it('is imported again after a failure, which says what to serve', async () => {
    const load = vi.fn<() => Promise<string>>().mockRejectedValueOnce(new TypeError('Failed to fetch'))
    load.mockResolvedValueOnce('the module')
    const lazy = new LazyModule(load)
    await expect(lazy.load()).rejects.toMatchObject({
      name: 'DasllamaError',
      code: 'IO',
      message: expect.stringContaining('Failed to fetch'),
      hint: expect.stringContaining('dist/'),
    })
    expect(await lazy.load()).toBe('the module')
  })

  it('names the entry for service workers where import() is not allowed', async () => {
    vi.stubGlobal('ServiceWorkerGlobalScope', class {})
    try {
      const lazy = new LazyModule(() => Promise.reject(new TypeError('import() is disallowed')))
      await expect(lazy.load()).rejects.toMatchObject({
        hint: expect.stringContaining('dasllama/service-worker'),
      })
    } finally {
      vi.unstubAllGlobals()
    }
  })

  it('is not imported where it is provided', async () => {
    const load = vi.fn(async () => 'loaded')
    const lazy = new LazyModule(load)
    lazy.provide('provided')
    expect(await lazy.load()).toBe('provided')
    expect(load).not.toHaveBeenCalled()
  })
})

it('the entry for service workers provides every lazy module but the platforms', () => {
  const src = new URL('../../src/', import.meta.url)
  const declared = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('lazy-modules.ts'))
    .flatMap((name) => [
      ...readFileSync(new URL(name, src), 'utf8').matchAll(/export const (\w+) = .*new LazyModule/g),
    ])
    .map(([, name]) => name)
  const entry = readFileSync(new URL('entries/service-worker.ts', src), 'utf8')
  const provided = Array.from(entry.matchAll(/^(\w+)\.provide\(/gm), ([, name]) => name)
  expect(declared.length).toBeGreaterThan(6)
  expect(provided.sort()).toEqual(declared.sort())
})

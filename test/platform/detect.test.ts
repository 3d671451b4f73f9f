import { afterEach, describe, expect, it, vi } from 'vitest'
import { currentPlatform, detectRuntime } from '../../src/platform/detect.js'

afterEach(() => vi.unstubAllGlobals())

describe('detectRuntime', () => {
  const node = { process: { versions: { node: '20.0.0' } } }

  it.each([
    ['node', node],
    ['node', { ...node, navigator: { userAgent: 'Node.js/22' } }],
    ['node', { ...node, navigator: { userAgent: 'Deno/2.1.0' } }],
    ['workerd', { navigator: { userAgent: 'Cloudflare-Workers' } }],
    ['workerd', { ...node, navigator: { userAgent: 'Cloudflare-Workers' } }],
    ['browser', { navigator: { userAgent: 'Mozilla/5.0 Chrome/140' } }],
    ['browser', { process: { versions: {} } }],
    ['browser', { ...node, document: {}, navigator: { userAgent: 'Mozilla/5.0 Chrome/140 Electron/38' } }],
    ['browser', { ...node, WorkerGlobalScope: {}, navigator: { userAgent: 'Mozilla/5.0 Electron/38' } }],
    ['node', { ...node, document: {}, navigator: { userAgent: 'Mozilla/5.0 (linux) jsdom/27.0.0' } }],
    ['node', { ...node, document: {}, navigator: { userAgent: 'Mozilla/5.0 HappyDOM/20.0.0' } }],
    ['node', { ...node, WorkerGlobalScope: {}, Deno: {}, navigator: { userAgent: 'Deno/2.1.0' } }],
    ['node', { ...node, WorkerGlobalScope: {}, Bun: {} }],
    ['edge-light', { EdgeRuntime: 'edge-runtime' }],
    ['browser', {}],
  ])('detects %s', (name, globals) => {
    expect(detectRuntime(globals)).toBe(name)
  })

  it('loads the platform that the tests run on', async () => {
    expect((await currentPlatform()).name).toBe('node')
  })

  it.each([
    ['workerd', 'navigator', { userAgent: 'Cloudflare-Workers' }],
    ['edge-light', 'EdgeRuntime', 'edge-runtime'],
  ])('names the entry point %s there', async (name, global, value) => {
    vi.stubGlobal(global, value)
    await expect(currentPlatform()).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      hint: expect.stringContaining(`dasllama/${name}`),
    })
  })
})

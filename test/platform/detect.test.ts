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
    ['browser', {}],
  ])('detects %s', (name, globals) => {
    expect(detectRuntime(globals)).toBe(name)
  })

  it('loads the platform that the tests run on', async () => {
    expect((await currentPlatform()).name).toBe('node')
  })

  it('names the right entry point in Cloudflare Workers', async () => {
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
    await expect(currentPlatform()).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      hint: expect.stringContaining('dasllama/workerd'),
    })
  })
})

/** Who gets the control page, and what it may do. */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Model } from '../../src/index.js'
import { createHandler, type HandlerOptions } from '../../src/server/index.js'
import { tinyStories } from './support.js'

const BROWSER = { accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8' }

let model: Model
beforeAll(async () => {
  model = await tinyStories()
})
afterAll(() => model.dispose())

function ask(
  init: RequestInit & { readonly path?: string } = { headers: BROWSER },
  options: Partial<HandlerOptions> = {},
): Promise<Response> {
  const handler = createHandler({ models: { tiny: model }, ...options })
  return handler(new Request(`http://server${init.path ?? '/'}`, init))
}

describe('the control page', () => {
  it('is for browsers, with or without an API key', async () => {
    for (const options of [{}, { apiKeys: ['secret'] }]) {
      const response = await ask(undefined, options)
      expect(response.status).toBe(200)
      expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
      expect(await response.text()).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/)
    }
    expect((await ask({ headers: BROWSER, path: '/?x=1' })).status).toBe(200)
    expect((await ask({ headers: BROWSER, method: 'HEAD' })).status).toBe(200)
  })

  it('is not for other clients, paths and methods', async () => {
    for (const init of [
      { headers: { accept: '*/*' } },
      { headers: { accept: 'application/json' } },
      {},
      { headers: BROWSER, method: 'POST' },
      { headers: BROWSER, path: '/index.html' },
    ]) {
      const response = await ask(init)
      expect(response.headers.get('content-type')).not.toMatch(/html/)
    }
  })

  it('can be turned off', async () => {
    const response = await ask(undefined, { page: false })
    expect(response.headers.get('content-type')).not.toMatch(/html/)
    expect(() => createHandler({ models: { tiny: model }, page: 'no' as never })).toThrow(/page/)
  })

  it('runs no script but its own, and asks no other server', async () => {
    const response = await ask()
    const html = await response.text()
    const policy = response.headers.get('content-security-policy')!
    const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
    const [, script] = /<script type="module">([\s\S]*?)<\/script>/.exec(html)!
    const [, style] = /<style>([\s\S]*?)<\/style>/.exec(html)!
    expect(Object.fromEntries(policy.split('; ').map((part) => part.split(/ (.*)/)))).toEqual({
      'default-src': "'none'",
      'script-src': hash(script),
      'style-src': hash(style),
      'connect-src': "'self'",
      'img-src': 'data:',
      'base-uri': "'none'",
      'form-action': "'none'",
      'frame-ancestors': "'none'",
    })
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(html.match(/<script|<style/g)).toHaveLength(2)
    // Namespaces of SVG are names, not addresses.
    expect(html.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:\/\//)
    expect(html).not.toMatch(/\son\w+=|style=|innerHTML|insertAdjacentHTML|document\.write/)
  })

  it('weighs less than 25 kB', async () => {
    expect((await (await ask()).arrayBuffer()).byteLength).toBeLessThan(25_000)
  })
})

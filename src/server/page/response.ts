import { LazyModule } from '../../lazy-module.js'

/** A chunk of its own: programs whose server has no page do not load it. */
const built = /* @__PURE__ */ new LazyModule(() => import('../../../dist/control-page.js'))

/** Whether a request asks for the control page: a browser that opens the server's address. */
export function asksForPage({ method, url, headers }: Request): boolean {
  const isRead = method === 'GET' || method === 'HEAD'
  return isRead && new URL(url).pathname === '/' && /\btext\/html\b/i.test(headers.get('accept') ?? '')
}

/** The control page. It has no data of the server: it asks for those with the user's API key. */
export async function pageResponse(): Promise<Response> {
  const { html, policy } = await built.load()
  return new Response(html, {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cache-control': 'no-cache',
      vary: 'accept',
    },
  })
}

const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\]|.+\.localhost)$/

/** Whether only programs of this machine can reach a server at this address. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host) || host === '::1'
}

/**
 * Whether a request was sent by a page that is not of this machine. Such a page can reach a server on the loopback under a name of its own
 * (DNS rebinding), and then needs no permission from it.
 */
export function isForeignPage(request: Request, allowed: readonly string[] | true): boolean {
  const origin = request.headers.get('origin')
  if (origin === null || allowed === true || allowed.includes(origin)) return false
  try {
    return !LOOPBACK.test(new URL(origin).hostname)
  } catch {
    return true
  }
}

/** The answer to such a request. */
export function foreignPage(): Response {
  const message = 'pages of other machines may not send requests to this server: --cors lets them'
  const error = { message, type: 'permission_error', param: null, code: 'origin_not_allowed' }
  return new Response(JSON.stringify({ error }), {
    status: 403,
    headers: { 'content-type': 'application/json; charset=utf-8' },
  })
}

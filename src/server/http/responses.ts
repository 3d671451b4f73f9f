import type { ApiError } from '../api-error.js'

export function jsonResponse(
  body: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  })
}

/** `body`: the error in the words of the API that was asked. */
export function errorResponse({ status, headers }: ApiError, body: object): Response {
  return jsonResponse(body, status, headers)
}

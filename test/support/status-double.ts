/** Stands in for the server's `/status` and the loading of models where the handler lacks them: it counts the chats that it passes on. */
import type { Handler } from '../../src/server/index.js'

interface Slot {
  readonly id: number
  is_processing: boolean
  model?: string
  n_decoded: number
}

/** A handler with these paths, whose other requests `handler` answers. `models`: their names, all of them loaded. */
export function withStatus(
  handler: Handler,
  models: readonly string[],
  keys: readonly string[] = [],
): (request: Request) => Promise<Response> {
  const since = performance.now()
  const loaded = new Set(models)
  const slots = Array.from({ length: 2 }, (_, id): Slot => ({ id, is_processing: false, n_decoded: 0 }))
  const totals = { requests: 0, errors: 0, prompt_tokens: 120, cached_tokens: 30, completion_tokens: 0 }
  let [lastTokens, lastAt] = [0, since]

  const status = () => {
    const now = performance.now()
    const speed = (1000 * (totals.completion_tokens - lastTokens)) / Math.max(1, now - lastAt)
    lastTokens = totals.completion_tokens
    lastAt = now
    return {
      version: '9.8.7',
      uptime_s: (now - since) / 1000,
      models: models.map((name) => ({
        name,
        state: loaded.has(name) ? 'ready' : 'unloaded',
        memory_bytes: loaded.has(name) ? 3_456_000 : 0,
        context_length: 512,
        last_used_s: 5,
      })),
      slots: slots.map((slot) => ({
        ...slot,
        ...(slot.is_processing && {
          state: 'generating',
          n_prompt_tokens: 36,
          n_cached_tokens: 4,
          tokens_per_second: speed,
          since_ms: 1200,
        }),
      })),
      queue: {
        waiting: 0,
        max_waiting: 64,
        running: slots.filter((slot) => slot.is_processing).length,
        max_running: 2,
      },
      totals,
      rates: { prompt_tokens_per_second: 0, completion_tokens_per_second: speed, average_batch_size: 1 },
    }
  }

  const answered = async (request: Request, body: string): Promise<Response> => {
    const slot = slots.find((each) => !each.is_processing)!
    Object.assign(slot, { is_processing: true, model: JSON.parse(body).model, n_decoded: 0 })
    const response = await handler(new Request(request.url, { ...initOf(request), body }))
    totals.requests++
    if (!response.ok) totals.errors++
    const end = () => {
      slot.is_processing = false
    }
    if (!response.ok || !response.body) {
      end()
      return response
    }
    const reader = response.body.getReader()
    const counted = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const { done, value } = await reader.read()
        if (done) {
          end()
          return controller.close()
        }
        slot.n_decoded++
        totals.completion_tokens++
        controller.enqueue(value)
      },
      cancel(reason) {
        end()
        return reader.cancel(reason)
      },
    })
    return new Response(counted, { status: response.status, headers: response.headers })
  }

  return async (request) => {
    const { pathname } = new URL(request.url)
    const [, name, action] = /^\/models\/([^/]+)\/(load|unload)$/.exec(pathname) ?? []
    if (pathname === '/status' || name !== undefined) {
      const own = await handler(request)
      if (own.status !== 404 && own.status !== 405) return own
      const [, key = ''] = /^Bearer (.+)$/.exec(request.headers.get('authorization') ?? '') ?? []
      if (keys.length > 0 && !keys.includes(key)) {
        return Response.json(
          { error: { message: key === '' ? 'there is no API key' : 'the API key is wrong' } },
          { status: 401 },
        )
      }
      if (pathname === '/status') return Response.json(status())
      if (action === 'unload' && slots.some((slot) => slot.is_processing)) {
        return Response.json({ error: { message: 'the model is in use' } }, { status: 409 })
      }
      if (action === 'load') loaded.add(decodeURIComponent(name))
      else loaded.delete(decodeURIComponent(name))
      return Response.json({})
    }
    return pathname === '/v1/chat/completions' ? answered(request, await request.text()) : handler(request)
  }
}

function initOf({ method, headers, signal }: Request): RequestInit {
  return { method, headers, signal }
}

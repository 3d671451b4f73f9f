import { VERSION } from '../../index.js'
import type { Service } from '../call.js'
import { jsonResponse } from '../http/responses.js'
import { rounded, slotsOf } from '../reply/slots.js'
import type { Endpoint } from '../router.js'
import type { ModelStatus } from '../service/models.js'

/** Models, slots, queue and totals, as the control page shows them. */
export const status: Endpoint = {
  method: 'GET',
  path: '/status',
  answer: ({ service }) => jsonResponse(statusOf(service)),
}

function statusOf({ models, queue, metrics }: Service): object {
  const all = models.status()
  const { prompt, cached, completion } = metrics.totalTokens
  const sum = (of: (model: ModelStatus) => number) => all.reduce((total, model) => total + of(model), 0)
  const passes = sum(({ totals }) => totals.counters.passes)
  const { promptTokens, completionTokens } = metrics.rates(
    sum(({ totals }) => totals.counters.promptTokens),
    sum(({ totals }) => totals.counters.generatedTokens),
  )
  return {
    version: VERSION,
    uptime_s: rounded(metrics.uptime),
    models: all.map(({ name, state, model, idleMs }) => ({
      name,
      state,
      memory_bytes: model?.memoryBytes ?? 0,
      context_length: model?.contextLength ?? null,
      last_used_s: idleMs === undefined ? null : rounded(idleMs / 1000),
    })),
    slots: slotsOf(queue),
    queue: {
      waiting: queue.waiting + models.waiting,
      max_waiting: queue.maxWaiting,
      running: queue.running,
      max_running: queue.limit,
    },
    totals: {
      requests: metrics.totalRequests,
      errors: metrics.errors,
      prompt_tokens: prompt,
      cached_tokens: cached,
      completion_tokens: completion,
      drafted_tokens: sum(({ totals }) => totals.counters.draftedTokens),
      accepted_tokens: sum(({ totals }) => totals.counters.acceptedTokens),
    },
    rates: {
      prompt_tokens_per_second: rounded(promptTokens),
      completion_tokens_per_second: rounded(completionTokens),
      average_batch_size: passes === 0 ? 0 : rounded(sum(({ totals }) => totals.counters.sequences) / passes),
    },
  }
}

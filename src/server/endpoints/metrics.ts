import type { Service } from '../call.js'
import { PrometheusText } from '../reply/prometheus.js'
import type { Endpoint } from '../router.js'
import type { ModelStatus } from '../service/models.js'

/** What the server has done, for Prometheus. */
export const metrics: Endpoint = {
  method: 'GET',
  path: '/metrics',
  isMetrics: true,
  answer: ({ service }) =>
    new Response(textOf(service), {
      headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' },
    }),
}

function textOf(service: Service): string {
  const text = new PrometheusText()
  addRequests(text, service)
  addModels(text, service.models.status())
  return text.toString()
}

function addRequests(text: PrometheusText, { metrics, queue, models }: Service): void {
  text.counter(
    'dasllama_requests_total',
    'Requests that have ended.',
    Array.from(metrics.requests.values(), ({ endpoint, status, count }) => [{ endpoint, status }, count]),
  )
  text.counter('dasllama_request_errors_total', 'Requests that the server failed to answer, or to the end.', [
    [{}, metrics.errors],
  ])
  text.gauge('dasllama_requests_running', 'Requests that have a turn.', [[{}, queue.running]])
  text.gauge('dasllama_requests_waiting', 'Requests that wait for a turn or for their model.', [
    [{}, queue.waiting + models.waiting],
  ])
  const tokens = [...metrics.tokens]
  const of = (kind: 'prompt' | 'cached' | 'completion') =>
    tokens.map(([model, counts]) => [{ model }, counts[kind]] as const)
  text.counter('dasllama_prompt_tokens_total', 'Tokens of prompts.', of('prompt'))
  text.counter(
    'dasllama_cached_tokens_total',
    'Tokens of prompts that were in a cache, and so were not evaluated.',
    of('cached'),
  )
  text.counter('dasllama_completion_tokens_total', 'Tokens of replies.', of('completion'))
  text.histogram('dasllama_request_duration_seconds', 'Time of a POST request to its end.', metrics.duration)
  text.histogram(
    'dasllama_time_to_first_token_seconds',
    'Time of a request to the first token of its reply, waiting included.',
    metrics.timeToFirstToken,
  )
}

function addModels(text: PrometheusText, all: readonly ModelStatus[]): void {
  const of = (value: (model: ModelStatus) => number) =>
    all.map((model) => [{ model: model.name }, value(model)] as const)
  const counter = (name: string, help: string, value: (totals: ModelStatus['totals']) => number) =>
    text.counter(
      `dasllama_${name}_total`,
      help,
      of(({ totals }) => value(totals)),
    )
  text.gauge(
    'dasllama_model_loaded',
    'Whether the model is in memory.',
    of(({ state }) => Number(state === 'ready')),
  )
  text.gauge(
    'dasllama_model_memory_bytes',
    'Memory of the model: weights and sequences.',
    of(({ model }) => model?.memoryBytes ?? 0),
  )
  counter('model_loads', 'How often the model was loaded.', ({ loads }) => loads)
  counter('model_unloads', 'How often it was unloaded.', ({ unloads }) => unloads)
  counter('passes', 'Passes through the model.', ({ counters }) => counters.passes)
  counter(
    'pass_sequences',
    'Sequences in all passes; divided by the passes, the average batch.',
    ({ counters }) => counters.sequences,
  )
  counter('pass_rows', 'Tokens in all passes.', ({ counters }) => counters.rows)
  counter('compute_seconds', 'Time of all passes.', ({ counters }) => counters.computeMs / 1000)
  counter(
    'drafted_tokens',
    'Tokens that were guessed and evaluated ahead.',
    ({ counters }) => counters.draftedTokens,
  )
  counter('accepted_tokens', 'Those of them that were sampled.', ({ counters }) => counters.acceptedTokens)
  counter('prefix_cache_hits', 'Prompts that began with cached tokens.', ({ cache }) => cache.hits)
  counter('prefix_cache_misses', 'Prompts that did not.', ({ cache }) => cache.misses)
  counter(
    'prefix_cache_saved_tokens',
    'Tokens that were not evaluated because they were kept.',
    ({ cache }) => cache.savedTokens,
  )
  counter('prefix_cache_evictions', 'Prompts that were dropped to make room.', ({ cache }) => cache.evictions)
  text.gauge(
    'dasllama_prefix_cache_bytes',
    'Memory of the prompts that are kept.',
    of(({ model }) => model?.prefixCache?.bytes ?? 0),
  )
}

/** Runs in a page: drags the sliders of the sampling lab with a large vocabulary, and posts how long the page was busy in each frame. */
import type { Tokenizer } from 'dasllama'
import { SamplingView } from '../../playground/lab/sampling-view.js'

/** That of Qwen. */
const VOCABULARY = 151_936
const FRAMES = 15

export interface Busy {
  readonly label: string
  /** Milliseconds per frame with layout, without painting. */
  readonly median: number
  readonly longest: number
}

/** Normal deviates with a tail: a few likely tokens, as in text. */
function randomLogits(): Float32Array {
  let state = 12345
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state + 0.5) / 2 ** 32
  }
  return Float32Array.from({ length: VOCABULARY }, (_, id) => {
    const normal = Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
    return 2 * normal + (id % 5000 === 7 ? 14 * uniform() : 0)
  })
}

const tokenizer = {
  isControl: () => false,
  pieceBytes: (id: number) => new TextEncoder().encode(` token${id}`),
  endOfGeneration: new Set([1]),
  suppressedIds: new Set<number>(),
} as unknown as Tokenizer

const frame = () => new Promise<void>((resolve) => requestAnimationFrame(() => resolve()))

async function measure(): Promise<Busy[]> {
  const logits = randomLogits()
  const previousTokens = Array.from({ length: 300 }, (_, i) => ((i % 40) * 5000 + 7) % VOCABULARY)
  const view = new SamplingView({
    values: {
      temp: 1.2,
      topK: 100,
      topP: 0.98,
      minP: 0.01,
      typicalP: 0.99,
      topNSigma: 4,
      penalty: 1.1,
      dryMultiplier: 0.5,
    },
    placeOf: () => ({ tokenizer, logits, previousTokens, chosen: undefined }),
    onPick: () => {},
    announce: () => {},
  })
  view.tokenizer = tokenizer
  document.body.append(view.candidates, view.chain)
  const results: Busy[] = []
  for (const input of document.querySelectorAll<HTMLInputElement>('input[type=range]')) {
    const times: number[] = []
    const { min, max, step, value } = input
    for (let i = 0; i < FRAMES; i++) {
      const position = Number(min) + ((Number(max) - Number(min)) * i) / (FRAMES - 1)
      input.value = String(Math.round(position / Number(step)) * Number(step))
      let since = 0
      // The view asks for its frame in between.
      requestAnimationFrame(() => {
        since = performance.now()
      })
      input.dispatchEvent(new InputEvent('input', { bubbles: true }))
      await frame()
      void document.body.offsetHeight
      times.push(performance.now() - since)
    }
    input.value = value
    input.dispatchEvent(new InputEvent('input', { bubbles: true }))
    await frame()
    times.sort((a, b) => a - b)
    const group = input.closest('[data-step]')!.getAttribute('data-step')
    results.push({
      label: `${group}: ${input.labels![0].textContent}`,
      median: times[times.length >> 1],
      longest: times[times.length - 1],
    })
  }
  return results
}

const long: number[] = []
if (PerformanceObserver.supportedEntryTypes.includes('longtask')) {
  new PerformanceObserver((list) => long.push(...list.getEntries().map(({ duration }) => duration))).observe({
    type: 'longtask',
  })
}
const answer = await measure().then(
  // Long tasks are reported late.
  async (busy) => {
    await new Promise((resolve) => setTimeout(resolve, 300))
    return { busy, long }
  },
  (error: unknown) => ({ error: String(error) }),
)
await fetch('./', { method: 'POST', body: JSON.stringify(answer) })

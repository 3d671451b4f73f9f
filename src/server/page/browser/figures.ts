import { element, section, setText } from './dom.js'
import { digits, share, whole } from './format.js'
import { Sparkline } from './sparkline.js'
import type { ServerStatus } from './status.js'

/** What a figure shows of a status: its value, and a note below it. */
type Reading = readonly [value: string, note: string]

const FIGURES: Readonly<Record<string, (status: ServerStatus) => Reading>> = {
  'Running requests': ({ queue }) => [whole(queue.running), `of at most ${whole(queue.max_running)}`],
  Waiting: ({ queue }) => [whole(queue.waiting), `of at most ${whole(queue.max_waiting)}`],
  'Prompts cached': ({ totals }) => [
    share(totals.cached_tokens, totals.prompt_tokens),
    tokens(totals.cached_tokens, totals.prompt_tokens),
  ],
  'Generated tokens': ({ totals, rates }) => [
    whole(totals.completion_tokens),
    `${digits(rates.average_batch_size)} per pass`,
  ],
  'Drafts accepted': ({ totals }) => [
    share(totals.accepted_tokens, totals.drafted_tokens),
    tokens(totals.accepted_tokens, totals.drafted_tokens),
  ],
  Requests: ({ totals }) => [
    whole(totals.requests),
    totals.errors === 1 ? '1 error' : `${whole(totals.errors)} errors`,
  ],
}

function tokens(part: number | undefined, of: number | undefined): string {
  return `${whole(part ?? 0)} of ${whole(of ?? 0)} tokens`
}

/** Speed, queue, cache and totals. */
export class FiguresView {
  readonly element: HTMLElement
  readonly #speed = element('strong', { class: 'value' }, '–')
  readonly #prompts = element('span', { class: 'quiet' }, '–')
  readonly #line = new Sparkline('Generated tokens per second')
  readonly #readings: readonly (readonly [HTMLElement, HTMLElement, (status: ServerStatus) => Reading])[]

  constructor() {
    const tiles = Object.entries(FIGURES).map(([name, read]) => {
      const value = element('dd', { class: 'value' }, '–')
      const note = element('dd', { class: 'quiet' }, '')
      const tile = element('div', { class: 'figure card' }, element('dt', {}, name), value, note)
      return { tile, reading: [value, note, read] as const }
    })
    this.#readings = tiles.map(({ reading }) => reading)
    const speed = element(
      'div',
      { class: 'speed card' },
      element(
        'p',
        { class: 'row' },
        element('span', {}, 'Generated tokens per second '),
        this.#speed,
        element('span', { class: 'spacer' }),
        this.#prompts,
      ),
    )
    speed.append(this.#line.element)
    const list = element('dl', { class: 'figures' }, ...tiles.map(({ tile }) => tile))
    this.element = section('figures', 'Now', speed, list)
  }

  show(status: ServerStatus): void {
    const { completion_tokens_per_second: speed, prompt_tokens_per_second: prompts } = status.rates
    setText(this.#speed, digits(speed))
    setText(this.#prompts, `prompts: ${digits(prompts)} per second`)
    this.#line.add(speed ?? 0)
    for (const [value, note, read] of this.#readings) {
      const [its, noted] = read(status)
      setText(value, its)
      setText(note, noted)
    }
  }

  /** Nothing is known of this second. */
  showNothing(): void {
    setText(this.#speed, '–')
    this.#line.add(0)
  }
}

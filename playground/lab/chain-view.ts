import type { TokenId, Tokenizer } from 'dasllama'
import {
  DEFAULT_SAMPLING,
  type ExplainedStep,
  type SamplingExplanation,
  STEP_NAMES,
  type StepName,
} from 'dasllama/sampling'
import { type Control, slider } from '../app/controls.js'
import { element, uniqueId } from '../app/dom.js'
import { whole } from '../app/format.js'
import { type Knob, type KnobRange, STEPS, type Values } from './parameters.js'
import { shareText } from './share-text.js'
import { TokenLabels } from './token-label.js'

/** Removed or changed tokens that a step names. */
const NAMED = 5

/** The chain in its order: the parameters of each step, how many candidates it left, and what it removed or changed. */
export class ChainView {
  readonly element: HTMLElement
  readonly #steps: readonly StepView[]
  readonly #draw = element('p', { class: 'lab-draw' })
  readonly #values = new Map<Knob, number>()

  /** `onInput` is called while a slider is dragged. */
  constructor({ values, onInput }: { readonly values: Values; readonly onInput: () => void }) {
    this.#steps = STEP_NAMES.map(
      (name) =>
        new StepView(name, (knob, value) => {
          this.#values.set(knob, value)
          onInput()
        }),
    )
    const list = element('ol', { class: 'lab-chain' }, ...this.#steps.map((step) => step.element))
    this.element = element('div', {}, list, this.#draw)
    this.values = values
  }

  /** The parameters that differ from the library's defaults. */
  get values(): Values {
    const entries = this.#steps
      .flatMap(({ knobs }) => knobs)
      .map(({ name }) => [name, this.#values.get(name)!] as const)
    return Object.fromEntries(entries.filter(([name, value]) => value !== DEFAULT_SAMPLING[name]))
  }

  /** What is not given gets its default. */
  set values(values: Values) {
    for (const step of this.#steps) {
      for (const { name } of step.knobs) {
        const value = values[name] ?? DEFAULT_SAMPLING[name]
        this.#values.set(name, value)
        step.set(name, value)
      }
    }
  }

  set tokenizer(tokenizer: Tokenizer | undefined) {
    for (const step of this.#steps) step.labels = tokenizer && new TokenLabels(tokenizer)
  }

  update({ before, after, steps, params }: SamplingExplanation, previousCount: number): void {
    let previous = before
    for (const step of steps) {
      const view = this.#steps.find(({ name }) => name === step.name)
      view?.update(step, { previous, previousCount, vocabSize: before.vocabSize })
      previous = step.after
    }
    const kept = whole(after.size)
    this.#draw.textContent =
      params.temp <= 0
        ? 'Draw: none. At temperature 0 the most likely token is taken, and the steps that remove tokens do not run.'
        : `Draw: one of ${kept} ${after.size === 1 ? 'token' : 'tokens'}.`
  }
}

/** What a step is shown with. */
interface Circumstances {
  readonly previous: SamplingExplanation['before']
  /** Generated tokens that penalties can see. */
  readonly previousCount: number
  readonly vocabSize: number
}

class StepView {
  readonly name: StepName
  readonly element: HTMLElement
  readonly knobs: readonly KnobRange[]
  labels: TokenLabels | undefined
  readonly #controls = new Map<Knob, Control<number>>()
  readonly #count = element('span', { class: 'lab-count' })
  readonly #meter = element('span', { class: 'lab-meter', 'aria-hidden': 'true' })
  readonly #effect = element('p', { class: 'lab-effect' })
  /** What `#effect` shows. */
  #shown = ''

  constructor(name: StepName, onInput: (knob: Knob, value: number) => void) {
    const { label, summary, knobs } = STEPS[name]
    this.name = name
    this.knobs = knobs
    for (const knob of knobs) {
      this.#controls.set(
        knob.name,
        slider({
          label: knob.label,
          min: knob.min,
          max: knob.max,
          step: knob.step,
          value: DEFAULT_SAMPLING[knob.name],
          format: (value) => (value === knob.off ? 'off' : String(value)),
          onInput: (value) => onInput(knob.name, value),
        }),
      )
    }
    const id = uniqueId('step')
    const heading = element('h3', { id }, label)
    const head = element(
      'div',
      { class: 'lab-step-head' },
      heading,
      element('span', { class: 'hint' }, summary),
      this.#count,
    )
    const controls = Array.from(this.#controls.values(), (control) => control.element)
    this.element = element(
      'li',
      { class: 'lab-step', 'data-step': name },
      head,
      this.#meter,
      // Labels such as "Share" need the step's name before them.
      element('div', { class: 'lab-knobs', role: 'group', 'aria-labelledby': id }, ...controls),
      this.#effect,
    )
  }

  set(knob: Knob, value: number): void {
    this.#controls.get(knob)!.value = value
  }

  update(step: ExplainedStep, { previous, previousCount, vocabSize }: Circumstances): void {
    const { isEnabled, after, removedCount } = step
    this.element.classList.toggle('is-off', !isEnabled)
    const left = `${whole(after.size)} left`
    this.#setCount(isEnabled ? (removedCount > 0 ? `−${whole(removedCount)} · ${left}` : left) : 'off')
    // Logarithmic, because a vocabulary has 100,000 tokens and a step leaves ten.
    const share = vocabSize > 1 ? Math.log(after.size) / Math.log(vocabSize) : 1
    this.#meter.style.setProperty('--share', String(Math.max(0.004, share)))
    if (!isEnabled) this.#show('', [])
    else if (removedCount > 0) this.#showRemoved(step)
    else this.#showChanged(step, previous, previousCount)
  }

  #setCount(text: string): void {
    if (this.#count.textContent !== text) this.#count.textContent = text
  }

  #showRemoved({ name, removed, removedCount }: ExplainedStep): void {
    const tokens = removed(NAMED)
    const key = `removed ${removedCount} ${tokens.map(({ id, probability }) => `${id} ${shareText(probability)}`)}`
    const chance =
      name === 'xtc' ? ` in ${shareText(this.#controls.get('xtcProbability')!.value)} of draws` : ''
    this.#show(key + chance, () => [
      `Removes${chance} `,
      ...tokens.map(({ id, probability }) => this.#chip(id, shareText(probability))),
      removedCount > tokens.length ? ` and ${whole(removedCount - tokens.length)} more` : '',
    ])
  }

  /** The likely tokens whose probability the step changed most. */
  #showChanged(step: ExplainedStep, previous: Circumstances['previous'], previousCount: number): void {
    if (previousCount === 0 && (step.name === 'penalties' || step.name === 'dry')) {
      this.#show('none', () => ['Nothing has been generated yet.'])
      return
    }
    const changes = previous
      .top(40)
      .map(({ id, probability }) => ({ id, from: probability, to: step.after.probability(id) }))
      .filter(({ from, to }) => Math.abs(to - from) > 5e-4)
      .sort((a, b) => Math.abs(b.to - b.from) - Math.abs(a.to - a.from))
      .slice(0, 3)
    if (changes.length === 0) {
      this.#show('same', () => ['Changes nothing here.'])
      return
    }
    const key = changes.map(({ id, from, to }) => `${id} ${shareText(from)} ${shareText(to)}`).join()
    this.#show(key, () =>
      changes.map(({ id, from, to }) => this.#chip(id, `${shareText(from)} → ${shareText(to)}`)),
    )
  }

  #chip(id: TokenId, value: string): HTMLElement {
    return element(
      'span',
      { class: 'lab-chip' },
      this.labels!.visible(id),
      element('span', { class: 'quiet' }, value),
    )
  }

  /** Replaces what is shown only if it is something else. */
  #show(key: string, children: (() => readonly (Node | string)[]) | readonly []): void {
    if (key === this.#shown) return
    this.#shown = key
    this.#effect.replaceChildren(...(typeof children === 'function' ? children() : children))
  }
}

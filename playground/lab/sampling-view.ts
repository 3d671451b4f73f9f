import type { TokenId, Tokenizer } from 'dasllama'
import { explainSampling, type SamplingParams } from 'dasllama/sampling'
import { button, element, oncePerFrame } from '../app/dom.js'
import { ChainView } from './chain-view.js'
import { CodeView } from './code-view.js'
import { DistributionView } from './distribution-view.js'
import { asCode, KNOBS, PRESETS, type Values } from './parameters.js'

/** The place in a text whose token is sampled. */
export interface Place {
  readonly tokenizer: Tokenizer
  readonly logits: Float32Array
  /** Generated tokens before it. */
  readonly previousTokens: readonly TokenId[]
  /** The token that is there; `undefined` at the end of the text. */
  readonly chosen: TokenId | undefined
}

/** The candidates of one token, and the chain with its sliders. The model is not needed: all is computed from the logits. */
export class SamplingView {
  /** The bars. */
  readonly candidates: HTMLElement
  /** Presets, the parameters as code, and the steps. */
  readonly chain: HTMLElement
  readonly #where = element('p', { class: 'hint' })
  readonly #bars: DistributionView
  readonly #steps: ChainView
  readonly #code: CodeView
  readonly #presets = element('div', { class: 'row', role: 'group', 'aria-label': 'Presets' })
  readonly #placeOf: () => Place | undefined
  /** Draws in the next frame. */
  readonly update = oncePerFrame(() => this.#explain())

  constructor({
    values,
    placeOf,
    onPick,
    announce,
  }: {
    readonly values: Values
    /** What is shown; `undefined` changes nothing. */
    readonly placeOf: () => Place | undefined
    readonly onPick: (id: TokenId) => void
    readonly announce: (text: string) => void
  }) {
    this.#placeOf = placeOf
    this.#bars = new DistributionView({ label: 'Candidates', onPick })
    this.#steps = new ChainView({ values, onInput: this.update })
    this.#code = new CodeView(announce)
    this.candidates = element('div', { class: 'stack is-tight' }, this.#where, this.#bars.element)
    this.chain = element('div', { class: 'stack' }, this.#presets, this.#code.element, this.#steps.element)
    this.recommended = {}
  }

  get params(): SamplingParams {
    return this.#steps.values
  }

  set tokenizer(tokenizer: Tokenizer | undefined) {
    this.#bars.tokenizer = this.#steps.tokenizer = tokenizer
  }

  /** What the model's file recommends, as a preset. */
  set recommended(params: SamplingParams) {
    const own = Object.entries(params).filter(([name]) => KNOBS.some((knob) => knob.name === name))
    const presets = own.length > 0 ? [...PRESETS, ["The model's", Object.fromEntries(own)] as const] : PRESETS
    const use = (values: Values) => {
      this.#steps.values = values
      this.update()
    }
    this.#presets.replaceChildren(
      ...presets.map(([label, values]) => button(label, () => use(values), { class: 'is-small' })),
    )
  }

  focusCandidates(): void {
    this.#bars.focus()
  }

  #explain(): void {
    const values = this.#steps.values
    this.#code.text = asCode(values)
    const place = this.#placeOf()
    if (!place) return
    const { logits, previousTokens, chosen, tokenizer } = place
    const { endOfGeneration, suppressedIds } = tokenizer
    // Shows what XTC removes when it does.
    const params = { ...values, ...(values.xtcProbability && { xtcProbability: 1 }) }
    const options = { previousTokens, endOfGeneration, suppressedIds, seed: 0 }
    const explained = explainSampling(logits, params, options)
    this.#bars.update(explained, chosen)
    // In a task of its own, so that none is long with a large vocabulary.
    setTimeout(() => this.#steps.update(explained, previousTokens.length))
    this.#where.textContent =
      chosen === undefined
        ? 'For the next token. Choose one, or let the sampler draw with Step.'
        : `For token ${previousTokens.length + 1} of the text. Choose another one to continue from there.`
  }
}

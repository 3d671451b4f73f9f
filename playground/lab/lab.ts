import type { Model, TokenId } from 'dasllama'
import { numberField, textField } from '../app/controls.js'
import { button, element } from '../app/dom.js'
import { failure } from '../app/failure.js'
import type { Playground } from '../app/tab.js'
import { BranchList } from './branch-list.js'
import { type Place, SamplingView } from './sampling-view.js'
import { SeedsView } from './seeds-view.js'
import { Story } from './story.js'
import { TokenStrip } from './token-strip.js'
import { spokenText, tokenText } from './token-text.js'

const FIRST_PROMPT = 'One day, a little girl named'
const FIRST_VALUES = { temp: 0.8, topK: 40, minP: 0.05 }

/** The page of the sampling lab: the text, the next token's candidates, the chain, and several seeds side by side. */
export class Lab {
  readonly element: HTMLElement
  readonly #app: Playground
  readonly #prompt = textField({ label: 'Prompt', rows: 2, value: FIRST_PROMPT })
  readonly #seed = numberField({ label: 'Seed', min: 0, max: Number.MAX_SAFE_INTEGER, value: 7 })
  readonly #count = numberField({ label: 'Tokens', min: 1, max: 10_000, value: 40 })
  readonly #failure = element('div', {})
  readonly #full = element(
    'p',
    { class: 'notice' },
    'The context is full. Go back to the prompt, or continue from an earlier token.',
  )
  readonly #noModel = element('p', { class: 'notice' })
  readonly #body: HTMLElement
  readonly #run = button('Run', () => this.#toggleRun())
  readonly #strip: TokenStrip
  readonly #branches: BranchList
  readonly #sampling: SamplingView
  readonly #seeds: SeedsView
  #story: Story | undefined

  constructor(app: Playground) {
    this.#app = app
    this.#sampling = new SamplingView({
      values: FIRST_VALUES,
      placeOf: () => this.#place(),
      onPick: (id) => this.#pick(id),
      announce: (text) => app.announce(text),
    })
    this.#strip = new TokenStrip({
      onSelect: (index) => void this.#story?.select(index),
      onEnter: () => this.#sampling.focusCandidates(),
    })
    this.#branches = new BranchList({
      onShow: (branch) => this.#story?.show(branch),
      onRemove: (branch) => this.#story?.remove(branch),
    })
    this.#seeds = new SeedsView(app, () => this.#sampling.params)
    this.#body = this.#layOut()
    this.element = element('div', { class: 'lab stack' }, this.#noModel, this.#body)
    this.#prompt.input.addEventListener('keydown', (event) => {
      if (!(event instanceof KeyboardEvent) || event.key !== 'Enter' || event.shiftKey || event.isComposing)
        return
      event.preventDefault()
      this.#open()
    })
    this.use(undefined)
  }

  /** Works with another model, or with none. */
  use(model: Model | undefined): void {
    const decoder = model?.kind === 'decoder' ? model : undefined
    this.#noModel.hidden = decoder !== undefined
    this.#noModel.textContent = model
      ? 'This model only embeds texts. Load one that generates.'
      : 'Load a model to see its distributions.'
    this.#body.hidden = decoder === undefined
    this.#failure.replaceChildren()
    this.#story = decoder && this.#storyOf(decoder)
    this.#seeds.story = this.#story
    this.#strip.tokenizer = this.#sampling.tokenizer = decoder?.tokenizer
    this.#sampling.recommended = decoder?.recommendedSampling ?? {}
    if (decoder) this.#open()
  }

  #storyOf(model: Model): Story {
    const story = new Story(this.#app, model, {
      // A story of another model may still end.
      onChange: () => story === this.#story && this.#show(story),
      onFailure: (error) => story === this.#story && this.#failure.replaceChildren(failure(error)),
    })
    return story
  }

  #layOut(): HTMLElement {
    const start = button('Start', () => this.#open(), { class: 'is-primary' })
    const step = button('Step', () => this.#generate(1), { title: 'Draw one token' })
    const back = button('Back to the prompt', () => void this.#story?.restart(this.#seed.value || 0))
    const story = section(
      'Token by token',
      element('div', { class: 'lab-ask' }, this.#prompt.element, start),
      element(
        'div',
        { class: 'lab-controls' },
        element('div', { class: 'row' }, step, this.#run, back),
        element('div', { class: 'lab-fields' }, this.#seed.element, this.#count.element),
      ),
      this.#failure,
      this.#strip.element,
      this.#full,
      element(
        'p',
        { class: 'hint lab-legend' },
        element('span', { class: 'lab-ramp', 'aria-hidden': 'true' }),
        'Likely to unlikely. Select a token to see its alternatives, and choose another one to continue from there.',
      ),
      this.#branches.element,
    )
    const candidates = section('Candidates', this.#sampling.candidates)
    candidates.classList.add('lab-side')
    const seeds = section(
      'Several seeds',
      element(
        'p',
        { class: 'hint' },
        'The prompt continued with several seeds, which share each pass through the model. What is underlined is the same in other texts.',
      ),
      this.#seeds.element,
    )
    const chain = section('The sampler chain', this.#sampling.chain)
    const columns = element('div', { class: 'lab-columns' }, candidates, chain)
    return element('div', { class: 'stack lab-body' }, story, columns, seeds)
  }

  #open(): void {
    this.#failure.replaceChildren()
    this.#seeds.clear()
    void this.#story?.open(this.#prompt.value, this.#seed.value || 0)
  }

  #toggleRun(): void {
    if (this.#story?.isGenerating) this.#story.stop()
    else this.#generate(this.#count.value || 1)
  }

  #generate(count: number): void {
    const story = this.#story
    if (!story?.current) return
    this.#failure.replaceChildren()
    const { branch } = story.current
    const before = branch.tokens.length
    void story
      .generate(() => this.#sampling.params, count)
      .then(() => {
        if (count > 1) this.#app.announce(`${branch.tokens.length - before} tokens generated`)
      })
  }

  #pick(id: TokenId): void {
    const story = this.#story
    if (!story) return
    const { branches, selected } = story
    void story.choose(selected, id).then(() => {
      const text = spokenText(tokenText(story.model.tokenizer, id))
      const isNew = story.branches.length > branches.length
      this.#app.announce(isNew ? `Branch ${story.current?.name} from ${text}` : `Chose ${text}`)
    })
  }

  #show(story: Story): void {
    this.#run.textContent = story.isGenerating ? 'Stop' : 'Run'
    if (!story.current) return
    const { branch } = story.current
    this.#strip.update({
      prompt: story.prompt,
      tokens: branch.tokens,
      selected: story.selected,
      end: branch.end,
    })
    this.#full.hidden = !branch.isFull
    this.#branches.update(story.branches, story.current, story.model)
    this.#sampling.update()
  }

  /** Where the selected token is. */
  #place(): Place | undefined {
    const story = this.#story
    if (!story?.current || !story.logits) return undefined
    const { logits, previousTokens, selected, model, current } = story
    return { tokenizer: model.tokenizer, logits, previousTokens, chosen: current.branch.tokens[selected]?.id }
  }
}

function section(title: string, ...children: readonly (Node | string)[]): HTMLElement {
  return element(
    'section',
    { class: 'lab-section stack', 'aria-label': title },
    element('h2', {}, title),
    ...children,
  )
}

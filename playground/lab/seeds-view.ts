import type { Tokenizer } from 'dasllama'
import type { SamplingParams } from 'dasllama/sampling'
import { numberField } from '../app/controls.js'
import { button, element, oncePerFrame } from '../app/dom.js'
import { failure } from '../app/failure.js'
import type { Playground } from '../app/tab.js'
import type { Branch } from './branch.js'
import { shareText } from './share-text.js'
import type { Story } from './story.js'
import { TokenLabels } from './token-label.js'
import { doubt } from './token-strip.js'

/** The most columns. */
const MOST = 8

/**
 * The prompt continued with several seeds at the same time, which share each pass through the model. Tokens are underlined as
 * long as other seeds have the same text.
 */
export class SeedsView {
  readonly element: HTMLElement
  readonly #app: Playground
  readonly #params: () => SamplingParams
  readonly #columns = element('div', { class: 'lab-seeds' })
  readonly #failure = element('div', {})
  readonly #note = element('p', { class: 'hint lab-lane-note' })
  readonly #first = numberField({ label: 'First seed', min: 0, max: 2 ** 32, value: 1 })
  readonly #number = numberField({ label: 'Seeds', min: 2, max: MOST, value: 4 })
  readonly #length = numberField({ label: 'Tokens each', min: 1, max: 2000, value: 48 })
  readonly #start = button('Generate', () => void this.#generate(), { class: 'is-primary' })
  #story: Story | undefined
  #lanes: Lane[] = []

  constructor(app: Playground, params: () => SamplingParams) {
    this.#app = app
    this.#params = params
    const fields = [this.#first, this.#number, this.#length].map((field) => field.element)
    this.element = element(
      'div',
      { class: 'stack' },
      element('div', { class: 'lab-fields' }, ...fields, this.#start),
      this.#failure,
      this.#note,
      this.#columns,
    )
  }

  /** The story whose prompt is continued. */
  set story(story: Story | undefined) {
    this.#story = story
    this.clear()
  }

  /** Forgets the columns, for another prompt. */
  clear(): void {
    for (const lane of this.#lanes) lane.dispose()
    this.#lanes = []
    this.#columns.replaceChildren()
    this.#note.textContent = ''
    this.#failure.replaceChildren()
  }

  async #generate(): Promise<void> {
    const story = this.#story
    if (!story?.current || this.#start.disabled) return
    this.clear()
    this.#start.disabled = true
    const lanes: Lane[] = []
    this.#lanes = lanes
    const draw = oncePerFrame(() => this.#draw(lanes))
    try {
      await this.#app.run(async ({ signal, count }) => {
        const params = this.#params()
        // A field that is not filled in is NaN.
        const number = Math.min(MOST, this.#number.value || 1)
        const length = this.#length.value || 1
        for (let i = 0; i < number; i++) {
          const branch = await story.fresh((this.#first.value || 0) + i)
          lanes.push(new Lane(branch, story, () => this.#draw(lanes)))
        }
        this.#columns.replaceChildren(...lanes.map((lane) => lane.element))
        await Promise.all(
          lanes.map(async ({ branch }) => {
            for (let n = 0; n < length && !signal.aborted; n++) {
              if (!(await branch.step(params, signal))) break
              count()
              draw()
            }
          }),
        )
        this.#app.announce(`${lanes.length} texts generated`)
      })
    } catch (error) {
      // What was cleared meanwhile has been disposed.
      if (lanes === this.#lanes) this.#failure.replaceChildren(failure(error))
    } finally {
      this.#start.disabled = false
      this.#draw(lanes)
    }
  }

  #draw(lanes: readonly Lane[]): void {
    if (lanes !== this.#lanes || lanes.length === 0) return
    const shared = sharedLengths(lanes.map(({ branch }) => branch.ids))
    for (const [i, lane] of lanes.entries()) lane.update(shared[i], lanes.length)
    const all = Math.min(...shared.map((counts) => counts.filter((count) => count === lanes.length).length))
    this.#note.textContent =
      all === 0
        ? 'The texts differ from the first token on.'
        : `The first ${all === 1 ? 'token is' : `${all} tokens are`} the same in all ${lanes.length} texts.`
  }
}

/** For each token of each text: how many of the texts are the same up to it. */
export function sharedLengths(texts: readonly (readonly number[])[]): number[][] {
  return texts.map((ids) => {
    let alike = texts
    return ids.map((id, i) => {
      alike = alike.filter((other) => other[i] === id)
      return alike.length
    })
  })
}

/** One column. */
class Lane {
  readonly branch: Branch
  readonly element: HTMLElement
  readonly #text = element('p', { class: 'lab-lane-text' })
  readonly #tokens: HTMLElement[] = []
  readonly #labels: TokenLabels
  readonly #tokenizer: Tokenizer
  readonly #take: HTMLButtonElement
  #isTaken = false

  constructor(branch: Branch, story: Story, onTaken: () => void) {
    this.branch = branch
    this.#tokenizer = story.model.tokenizer
    this.#labels = new TokenLabels(this.#tokenizer)
    this.#take = button(
      'Continue above',
      () => {
        this.#isTaken = true
        this.#take.disabled = true
        story.adopt(branch)
        onTaken()
      },
      { class: 'is-small', 'aria-label': `Continue above with seed ${branch.seed}` },
    )
    this.element = element(
      'section',
      { class: 'lab-lane', 'aria-label': `Seed ${branch.seed}` },
      element('div', { class: 'lab-lane-head' }, element('h3', {}, `Seed ${branch.seed}`), this.#take),
      this.#text,
    )
  }

  /** `shared`: for each token, how many of the `lanes` texts are the same up to it. */
  update(shared: readonly number[], lanes: number): void {
    const { tokens, end } = this.branch
    for (const { id, probability } of tokens.slice(this.#tokens.length)) {
      const made = this.#labels.running(id)
      made.classList.add('lab-token')
      made.style.setProperty('--doubt', String(doubt(probability)))
      made.dataset.id = String(id)
      made.title = `${this.#labels.spoken(id)}, ${shareText(probability)}`
      this.#tokens.push(made)
      this.#text.append(made)
    }
    for (const [i, token] of this.#tokens.entries()) {
      token.classList.toggle('is-shared', shared[i] > 1)
      token.classList.toggle('is-shared-by-all', shared[i] === lanes)
    }
    if (end !== undefined && !this.#text.querySelector('.lab-end')) {
      this.#text.append(element('span', { class: 'lab-end' }, this.#labels.visible(end)))
    }
  }

  /** A branch that has been taken belongs to the story. */
  dispose(): void {
    if (!this.#isTaken) this.branch.dispose()
  }
}

/**
 * Runs in a page, in any browser: uses the sampling lab of the playground, in a frame, as a person would, and posts what was to be
 * seen. The test compares it.
 */

/** A bar of the distribution. */
export interface SeenRow {
  readonly id: number
  readonly before: string
  /** Its probability after the chain, or the step that removed it. */
  readonly after: string
  readonly isRemoved: boolean
  readonly isChosen: boolean
  /** Length of the bar, as a share of the scale. */
  readonly share: number
  readonly mark: number
}

export interface SeenStep {
  readonly name: string
  readonly isOff: boolean
  readonly count: string
  readonly effect: string
}

/** The candidates and the chain at one moment. */
export interface SeenState {
  readonly rows: readonly SeenRow[]
  readonly steps: readonly SeenStep[]
  readonly draw: string
  readonly code: string
}

export interface SeenLane {
  readonly ids: readonly number[]
  /** Of each token: 0, or 1 if another text is the same up to it, or 2 if all are. */
  readonly shared: readonly number[]
}

export interface Seen {
  readonly kernels: string
  readonly states: Readonly<Record<string, SeenState>>
  readonly fork: {
    readonly original: readonly number[]
    readonly at: number
    readonly chosen: number
    readonly continued: readonly number[]
    readonly back: readonly number[]
    readonly branches: number
    /** The branches' number after the first token was chosen again. */
    readonly branchesAfterReturn: number
  }
  readonly repeated: readonly (readonly number[])[]
  readonly lanes: readonly (readonly SeenLane[])[]
  readonly note: string
  readonly taken: readonly number[]
  readonly keyboard: {
    readonly selected: readonly number[]
    readonly focused: readonly string[]
    readonly afterEnter: readonly number[]
  }
  readonly failures: string
  readonly nameless: readonly string[]
}

const frame = document.createElement('iframe')
frame.style.cssText = 'width: 1280px; height: 900px; border: 0'
frame.src = './index.html#sampling'
document.body.append(frame)

const page = () => frame.contentDocument!
const all = <T extends HTMLElement>(selector: string) => [...page().querySelectorAll<T>(selector)]
const one = <T extends HTMLElement>(selector: string) => {
  const found = page().querySelector<T>(selector)
  if (!found) throw new Error(`there is no ${selector}`)
  return found
}

/** Resolves when `isTrue` holds; looks at it after each 10 ms. */
async function until(what: string, isTrue: () => boolean): Promise<void> {
  const end = performance.now() + 60_000
  while (!isTrue()) {
    if (performance.now() > end) throw new Error(`${what}: not within a minute; ${text('.failure')}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** Frames are drawn meanwhile. */
async function settled(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    await new Promise<void>((resolve) => frame.contentWindow!.requestAnimationFrame(() => resolve()))
  }
}

const text = (selector: string) =>
  all(selector)
    .map((each) => each.textContent)
    .join(' ')
const idOf = (element: HTMLElement) => Number(element.dataset.id)
const tokens = () => all('.lab-tokens .lab-token').map(idOf)
const selected = () => all('.lab-tokens [role=option]').findIndex((each) => each.ariaSelected === 'true')
const press = (label: string, within = '.lab') => {
  const found = all<HTMLButtonElement>(`${within} button`).find((each) => each.textContent === label)
  if (!found) throw new Error(`there is no button ${label}`)
  found.click()
}

/** Types a value into the field or the slider with this label. */
function set(label: string, value: number | string, within = '.lab'): void {
  const found = all<HTMLLabelElement>(`${within} label`).find((each) => each.textContent === label)
  const input = found?.control as HTMLInputElement | undefined
  if (!input) throw new Error(`there is no field ${label}`)
  input.value = String(value)
  input.dispatchEvent(new InputEvent('input', { bubbles: true }))
}

const knob = (step: string, label: string, value: number) => set(label, value, `[data-step=${step}]`)

function key(name: string): void {
  const event = { key: name, bubbles: true, cancelable: true }
  page().activeElement!.dispatchEvent(new KeyboardEvent('keydown', event))
}

const isIdle = () => Boolean(one<HTMLButtonElement>('.status .stop').hidden)

async function beginAgain(seed: number): Promise<void> {
  set('Seed', seed, '.lab-controls')
  press('Back to the prompt')
  await until('an empty branch', () => tokens().length === 0 && isIdle())
}

async function run(count: number): Promise<void> {
  set('Tokens', count, '.lab-controls')
  const before = tokens().length
  press('Run')
  await until('tokens', () => tokens().length >= before + count && isIdle())
  await settled()
}

function state(): SeenState {
  const share = (of: Element, selector: string) =>
    Number(of.querySelector<HTMLElement>(selector)!.style.getPropertyValue('--share'))
  const rows = all('.lab-bar').map((row) => ({
    id: idOf(row.querySelector('button')!),
    before: row.querySelector('.lab-before')!.textContent!,
    after: row.querySelector('.lab-after')!.textContent!,
    isRemoved: row.classList.contains('is-removed'),
    isChosen: row.classList.contains('is-chosen'),
    share: share(row, '.lab-fill'),
    mark: share(row, '.lab-mark'),
  }))
  const steps = all('.lab-step').map((step) => ({
    name: step.dataset.step!,
    isOff: step.classList.contains('is-off'),
    count: step.querySelector('.lab-count')!.textContent!,
    effect: step.querySelector('.lab-effect')!.textContent!,
  }))
  return { rows, steps, draw: text('.lab-draw'), code: text('.lab-code code') }
}

/** Settings of sliders, one after the other. */
async function seeStates(): Promise<Record<string, SeenState>> {
  const states: Record<string, SeenState> = {}
  const see = async (name: string) => {
    await settled()
    states[name] = state()
  }
  press('Plain')
  for (const temp of [0.5, 1, 1.7]) {
    knob('temperature', 'Temperature', temp)
    await see(`temp ${temp}`)
  }
  knob('topK', 'Tokens', 1)
  await see('top-k 1')
  knob('topK', 'Tokens', 12)
  knob('topP', 'Share', 0.9)
  knob('minP', 'Share of the best', 0.02)
  await see('several')
  press('Greedy')
  await see('greedy')
  return states
}

/** Seven tokens, another one instead of the fourth, and five more from there. */
async function seeFork() {
  press('Balanced')
  await beginAgain(7)
  await run(7)
  const original = tokens()
  const at = 3
  all('.lab-tokens .lab-token')[at].click()
  await settled()
  const chosenRow = one('.lab-bar.is-chosen button')
  if (idOf(chosenRow) !== original[at]) throw new Error('the chosen token is not marked')
  const other = all('.lab-bar button').filter((each) => each !== chosenRow)[1]
  const chosen = idOf(other)
  other.click()
  await until('a branch', () => tokens().length === at + 1 && isIdle())
  await run(5)
  const continued = tokens()
  const branches = all('.lab-branch').length
  all('.lab-branch').at(-2)!.click()
  await settled()
  const back = tokens()
  // The same choice again leads to the branch that has it.
  all('.lab-tokens .lab-token')[at].click()
  await settled()
  all('.lab-bar button')
    .find((each) => idOf(each) === chosen)!
    .click()
  await until('the branch', () => tokens()[at] === chosen && isIdle())
  return { original, at, chosen, continued, back, branches, branchesAfterReturn: all('.lab-branch').length }
}

async function seeRepeated(): Promise<number[][]> {
  const texts: number[][] = []
  for (const seed of [3, 3, 4]) {
    await beginAgain(seed)
    await run(8)
    texts.push(tokens())
  }
  return texts
}

async function seeLanes(): Promise<SeenLane[]> {
  set('First seed', 1)
  set('Seeds', 3)
  set('Tokens each', 12)
  press('Generate')
  const isDone = () => all('.lab-lane').every((lane) => lane.querySelectorAll('.lab-token').length === 12)
  await until('the texts', () => all('.lab-lane').length === 3 && isDone() && isIdle())
  await settled()
  return all('.lab-lane').map((lane) => {
    const made = [...lane.querySelectorAll<HTMLElement>('.lab-token')]
    const level = ({ classList }: HTMLElement) =>
      classList.contains('is-shared-by-all') ? 2 : classList.contains('is-shared') ? 1 : 0
    return { ids: made.map(idOf), shared: made.map(level) }
  })
}

async function seeKeyboard() {
  const chosen: number[] = []
  const focused: string[] = []
  one('.lab-tokens').focus()
  for (const name of ['End', 'ArrowLeft', 'ArrowLeft', 'ArrowRight', 'Home', 'ArrowLeft']) {
    key(name)
    await settled()
    chosen.push(selected())
  }
  const focus = () => {
    const { activeElement } = page()
    focused.push(String(all('.lab-bar button').indexOf(activeElement as HTMLElement)))
  }
  for (const name of ['End', 'ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowUp', 'End', 'Home', 'ArrowDown']) {
    key(name)
    await settled()
    focus()
  }
  const button = page().activeElement as HTMLButtonElement
  const before = tokens()
  button.click()
  await until('a token', () => tokens().length > before.length && isIdle())
  return {
    selected: chosen,
    focused,
    afterEnter: [...before, idOf(button)].map((id, i) => (tokens()[i] === id ? id : -1)),
  }
}

/** Controls that a screen reader has no name for. */
function nameless(): string[] {
  const controls = all<HTMLInputElement>(
    '.lab :is(input, button, textarea, [role=listbox], [role=option], [role=group])',
  )
  return controls
    .filter((each) => {
      const labels = [...(each.labels ?? [])].map((label) => label.textContent).join('')
      const by = each.getAttribute('aria-labelledby')
      return !(
        labels ||
        each.ariaLabel ||
        (by && page().getElementById(by)?.textContent) ||
        each.textContent?.trim()
      )
    })
    .map((each) => each.outerHTML.slice(0, 120))
}

async function drive(): Promise<Seen> {
  await until(
    'the first distribution',
    () => frame.contentDocument?.querySelector('.lab-bar') != null && isIdle(),
  )
  await settled()
  const kernels = /(\w+) kernels/.exec(text('.status'))?.[1] ?? ''
  const states = await seeStates()
  const fork = await seeFork()
  const repeated = await seeRepeated()
  const lanes = [await seeLanes(), await seeLanes()]
  const note = text('.lab-lane-note')
  press('Continue above', '.lab-lane:nth-child(2)')
  await settled()
  const taken = tokens()
  const keyboard = await seeKeyboard()
  return {
    kernels,
    states,
    fork,
    repeated,
    lanes,
    note,
    taken,
    keyboard,
    failures: text('.lab .failure'),
    nameless: nameless(),
  }
}

const answer = await drive().catch((error: unknown) => ({ error: String(error) }))
await fetch('./', { method: 'POST', body: JSON.stringify(answer) })

/** Labelled controls. Each returns its element and its value. */
import { type Attributes, element, setAttributes, uniqueId } from './dom.js'

export interface Control<T> {
  /** The label and the control, to be put into the page. */
  readonly element: HTMLElement
  /** Setting it does not call the listener. */
  value: T
  isDisabled: boolean
}

interface Labelled {
  readonly label: string
  /** A sentence under the control. */
  readonly hint?: string
}

/** A slider with its value beside the label. `onInput` is called while it is dragged. */
export function slider({
  label,
  hint,
  min,
  max,
  step,
  value,
  format = String,
  onInput,
}: Labelled & {
  readonly min: number
  readonly max: number
  readonly step: number
  readonly value: number
  readonly format?: (value: number) => string
  readonly onInput: (value: number) => void
}): Control<number> {
  const input = element('input', { type: 'range', id: uniqueId('slider'), min, max, step, value })
  const output = element('output', { for: input.id })
  const show = () => {
    output.textContent = format(input.valueAsNumber)
    input.setAttribute('aria-valuetext', format(input.valueAsNumber))
    input.style.setProperty('--filled', `${((input.valueAsNumber - min) / (max - min)) * 100}%`)
  }
  show()
  input.addEventListener('input', () => {
    show()
    onInput(input.valueAsNumber)
  })
  const head = element('div', { class: 'control-head' }, labelOf(input, label), output)
  return {
    element: control(hint, input, head, input),
    get value() {
      return input.valueAsNumber
    },
    set value(next) {
      input.valueAsNumber = next
      show()
    },
    get isDisabled() {
      return input.disabled
    },
    set isDisabled(next) {
      input.disabled = next
    },
  }
}

/** A number that is typed. Its `value` is within the limits. */
export function numberField({
  label,
  hint,
  value,
  min = Number.NEGATIVE_INFINITY,
  max = Number.POSITIVE_INFINITY,
  step = 1,
  onInput,
}: Labelled & {
  /** Default: empty, which reads as NaN. */
  readonly value?: number
  readonly min?: number
  readonly max?: number
  readonly step?: number | 'any'
  /** Not called while what is typed is not a number within the limits. */
  readonly onInput?: (value: number) => void
}): Control<number> {
  const input = element('input', {
    ...{ type: 'number', id: uniqueId('number'), step, value },
    ...(Number.isFinite(min) && { min }),
    ...(Number.isFinite(max) && { max }),
  })
  input.addEventListener('input', () => {
    if (input.validity.valid && input.value !== '') onInput?.(input.valueAsNumber)
  })
  return {
    element: control(hint, input, labelOf(input, label), input),
    get value() {
      return Math.min(max, Math.max(min, input.valueAsNumber))
    },
    set value(next) {
      input.valueAsNumber = next
    },
    get isDisabled() {
      return input.disabled
    },
    set isDisabled(next) {
      input.disabled = next
    },
  }
}

/** A line of text, or several with `rows`. */
export function textField({
  label,
  hint,
  value = '',
  rows,
  isCode = false,
  attributes = {},
  onInput,
}: Labelled & {
  readonly value?: string
  readonly rows?: number
  /** Shown in a font of fixed width, without spelling. */
  readonly isCode?: boolean
  readonly attributes?: Attributes
  readonly onInput?: (value: string) => void
}): Control<string> & { readonly input: HTMLInputElement | HTMLTextAreaElement } {
  const shared = {
    id: uniqueId('text'),
    class: isCode && 'code',
    spellcheck: isCode ? 'false' : undefined,
    autocomplete: 'off',
    ...attributes,
  }
  const input = rows
    ? element('textarea', { rows, ...shared })
    : element('input', { type: 'text', ...shared })
  input.value = value
  input.addEventListener('input', () => onInput?.(input.value))
  return {
    input,
    element: control(hint, input, labelOf(input, label), input),
    get value() {
      return input.value
    },
    set value(next) {
      input.value = next
    },
    get isDisabled() {
      return input.disabled
    },
    set isDisabled(next) {
      input.disabled = next
    },
  }
}

/** One of several choices. */
export function choice<T extends string>({
  label,
  hint,
  options,
  value,
  onChange,
}: Labelled & {
  /** Values with what is shown for each. */
  readonly options: readonly (readonly [T, string])[]
  readonly value: T
  readonly onChange?: (value: T) => void
}): Control<T> {
  const input = element(
    'select',
    { id: uniqueId('choice') },
    ...options.map(([each, shown]) => element('option', { value: each }, shown)),
  )
  input.value = value
  input.addEventListener('change', () => onChange?.(input.value as T))
  return {
    element: control(hint, input, labelOf(input, label), input),
    get value() {
      return input.value as T
    },
    set value(next) {
      input.value = next
    },
    get isDisabled() {
      return input.disabled
    },
    set isDisabled(next) {
      input.disabled = next
    },
  }
}

/** Something that is on or off. */
export function toggle({
  label,
  hint,
  value,
  onChange,
}: Labelled & {
  readonly value: boolean
  readonly onChange?: (value: boolean) => void
}): Control<boolean> {
  const input = element('input', { type: 'checkbox', role: 'switch', id: uniqueId('toggle') })
  input.checked = value
  input.addEventListener('change', () => onChange?.(input.checked))
  return {
    element: control(hint, input, element('div', { class: 'control-line' }, input, labelOf(input, label))),
    get value() {
      return input.checked
    },
    set value(next) {
      input.checked = next
    },
    get isDisabled() {
      return input.disabled
    },
    set isDisabled(next) {
      input.disabled = next
    },
  }
}

function labelOf(input: HTMLElement, label: string): HTMLElement {
  return element('label', { for: input.id }, label)
}

function control(
  hint: string | undefined,
  input: HTMLElement,
  ...parts: readonly HTMLElement[]
): HTMLElement {
  const made = element('div', { class: 'control' }, ...parts)
  if (hint === undefined) return made
  const id = uniqueId('hint')
  setAttributes(input, { 'aria-describedby': id })
  made.append(element('p', { class: 'hint', id }, hint))
  return made
}

import { numberField, textField } from '../app/controls.js'
import { button, element, uniqueId } from '../app/dom.js'
import type { ModelLoader } from './loader.js'

const SUGGESTIONS = [
  'hf:bartowski/SmolLM2-135M-Instruct-GGUF:Q4_K_M',
  'hf:Qwen/Qwen3-0.6B-GGUF:Q8_0',
  'hf:bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M',
]

/** The ways to choose a model: by name or address, a file, the embedded one. */
export function sourcesCard(loader: ModelLoader): HTMLElement {
  return element(
    'div',
    { class: 'card stack' },
    element('h2', {}, 'Choose a model'),
    nameForm(loader),
    element(
      'div',
      { class: 'row' },
      filePicker((file) => void loader.loadFile(file)),
      button('Use the embedded model', () => void loader.loadEmbedded()),
      element('span', { class: 'hint' }, 'or drop a GGUF file anywhere on this page.'),
    ),
    settings(loader),
  )
}

function nameForm(loader: ModelLoader): HTMLElement {
  const list = element(
    'datalist',
    { id: uniqueId('suggestions') },
    ...SUGGESTIONS.map((value) => element('option', { value })),
  )
  const name = textField({
    label: 'Name or address',
    hint: 'Downloads continue where they stopped, and the model is kept in this browser.',
    attributes: { placeholder: SUGGESTIONS[0], list: list.id, autocapitalize: 'off', spellcheck: 'false' },
  })
  const submit = element('button', { type: 'submit', class: 'is-primary' }, 'Load')
  name.input.replaceWith(element('div', { class: 'field-row' }))
  name.element.querySelector('.field-row')!.append(name.input, submit)
  const form = element('form', {}, name.element, list)
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    if (name.value.trim() === '') name.input.focus()
    else void loader.loadNamed(name.value.trim())
  })
  return form
}

function filePicker(onFile: (file: File) => void): HTMLElement {
  const input = element('input', {
    type: 'file',
    accept: '.gguf',
    class: 'visually-hidden',
    id: uniqueId('file'),
  })
  input.addEventListener('change', () => {
    const [file] = input.files ?? []
    input.value = ''
    if (file) onFile(file)
  })
  return element(
    'span',
    { class: 'file-picker' },
    input,
    element('label', { for: input.id, class: 'file-button' }, 'Choose a file …'),
  )
}

function settings(loader: ModelLoader): HTMLElement {
  const hub = textField({
    label: 'Address of the hub',
    hint: 'Where names that begin with hf: lead.',
    attributes: { placeholder: 'https://huggingface.co', inputmode: 'url' },
  })
  const token = textField({
    label: 'Access token',
    hint: 'For private models and those with terms. It is sent to the hub only, and not kept.',
    attributes: { type: 'password' },
  })
  const context = numberField({
    label: 'Context, in tokens',
    hint: 'The most that a conversation can have. Empty: what the model was trained for, at most 4096.',
    ...{ min: 16, max: 2 ** 24 },
  })
  loader.settings = () => ({
    baseUrl: hub.value.trim(),
    token: token.value.trim(),
    contextLength: Number.isNaN(context.value) ? undefined : context.value,
  })
  return element(
    'details',
    {},
    element('summary', {}, 'Hub, token, context'),
    element(
      'div',
      { class: 'stack details-body' },
      ...[hub, token, context].map((control) => control.element),
    ),
  )
}

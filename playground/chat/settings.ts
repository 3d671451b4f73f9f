import {
  type Chat,
  defaultTemplate,
  inspectToolSchemas,
  type Model,
  type Thinking,
  type ToolDefinition,
} from 'dasllama'
import { choice, numberField, slider, textField, toggle } from '../app/controls.js'
import { element } from '../app/dom.js'
import { failure } from '../app/failure.js'
import { EXAMPLE_DEFINITIONS, parseDefinitions } from './tools.js'

/** Continues the text, without roles: for models that were not trained to chat. */
const PLAIN =
  "{% for message in messages %}{% if message.role == 'user' and not loop.first %}\n{% endif %}{{ message.content }}{% endfor %}"

const TEMPLATES = [
  ['plain', 'none: continue the text'],
  ['chatml', 'ChatML'],
  ['llama-3', 'Llama 3'],
  ['llama-2', 'Llama 2'],
  ['gemma', 'Gemma'],
  ['mistral', 'Mistral'],
  ['phi-3', 'Phi 3'],
  ['zephyr', 'Zephyr'],
] as const
type TemplateName = (typeof TEMPLATES)[number][0]

const DEFAULT_TEMP = 0.7
const DEFAULT_BUDGET = 200

/** What a chat is created with: another value needs another chat. */
export interface ChatSetup {
  readonly system: string | undefined
  readonly template: string | undefined
  readonly tools: readonly ToolDefinition[]
}

/** The settings beside the conversation. */
export interface ChatSettings {
  readonly element: HTMLElement
  /** Throws if the tools are not valid JSON. */
  setup(): ChatSetup
  /** Options of each reply. */
  reply(): { temp: number; maxTokens: number; thinking: Thinking | undefined }
  /** Whether the template is none that a chat model has. */
  readonly isPlain: boolean
  /** Adapts to another model. */
  showModel(model: Model): void
  /** Adapts to what the template of a new chat can do. */
  showChat(chat: Chat): void
}

export function chatSettings(onChange: () => void): ChatSettings {
  let hasTemplate = true
  const system = textField({ label: 'System prompt', rows: 3, onInput: onChange })
  const template = choice<TemplateName>({
    label: 'Chat template',
    hint: 'The file has none of its own.',
    options: TEMPLATES,
    value: 'plain',
    onChange,
  })
  const thinking = thinkingControls()
  const temp = slider({
    label: 'Temperature',
    ...{ min: 0, max: 2, step: 0.05, value: DEFAULT_TEMP },
    format: (value) => (value === 0 ? 'greedy' : value.toFixed(2)),
    onInput: () => {},
  })
  const maxTokens = numberField({ label: 'Most tokens of a reply', value: 400, min: 1, max: 100_000 })
  const tools = toolControls(onChange)
  return {
    element: element(
      'aside',
      { class: 'stack chat-settings', 'aria-label': 'Settings of the chat' },
      ...[system, template].map((control) => control.element),
      thinking.element,
      ...[temp, maxTokens].map((control) => control.element),
      tools.element,
    ),
    setup: () => ({
      system: system.value.trim() === '' ? undefined : system.value,
      template: hasTemplate ? undefined : template.value === 'plain' ? PLAIN : template.value,
      tools: tools.definitions(),
    }),
    reply: () => ({
      temp: temp.value,
      maxTokens: maxTokens.value >= 1 ? Math.floor(maxTokens.value) : 400,
      thinking: thinking.value(),
    }),
    get isPlain() {
      return !hasTemplate && template.value === 'plain'
    },
    showModel(model) {
      hasTemplate = defaultTemplate(model.chatTemplates, model.tokenizer) !== undefined
      template.element.hidden = hasTemplate
      temp.value = model.recommendedSampling.temp ?? DEFAULT_TEMP
    },
    showChat(chat) {
      thinking.element.hidden = chat.replyFormat.reasoning === 'none'
    },
  }
}

function thinkingControls(): { readonly element: HTMLElement; value(): Thinking | undefined } {
  const budget = numberField({
    label: 'Most tokens of reasoning',
    value: DEFAULT_BUDGET,
    min: 0,
    max: 100_000,
  })
  budget.element.hidden = true
  const mode = choice({
    label: 'Thinking',
    options: [
      ['auto', 'as the template has it'],
      ['on', 'on'],
      ['off', 'off'],
      ['budget', 'with a budget'],
    ],
    value: 'auto',
    onChange: (value) => {
      budget.element.hidden = value !== 'budget'
    },
  })
  const made = element('div', { class: 'stack is-tight' }, mode.element, budget.element)
  made.hidden = true
  return {
    element: made,
    value() {
      if (made.hidden || mode.value === 'auto') return undefined
      if (mode.value === 'budget') return budget.value >= 0 ? Math.floor(budget.value) : DEFAULT_BUDGET
      return mode.value === 'on' ? 'on' : 'off'
    },
  }
}

function toolControls(onChange: () => void): {
  readonly element: HTMLElement
  definitions(): readonly ToolDefinition[]
} {
  const problems = element('div', { class: 'stack is-tight' })
  const editor = textField({
    label: 'Definitions (JSON)',
    rows: 12,
    isCode: true,
    value: JSON.stringify(EXAMPLE_DEFINITIONS, null, 2),
    onInput: () => {
      check()
      onChange()
    },
  })
  const details = element(
    'details',
    {},
    element('summary', {}, 'Edit the tools'),
    element('div', { class: 'stack is-tight details-body' }, editor.element, problems),
  )
  details.hidden = true
  const enabled = toggle({
    label: 'Tools',
    hint: 'A clock and a calculator, which this page runs.',
    value: false,
    onChange: (value) => {
      details.hidden = !value
      onChange()
    },
  })

  function check(): void {
    problems.replaceChildren()
    try {
      for (const { name, notices, error } of inspectToolSchemas(parseDefinitions(editor.value))) {
        if (error) problems.append(failure(error))
        const ignored = notices.map(({ pointer, message }) => `${name}: ${pointer} ${message}`)
        problems.append(...ignored.map((text) => element('p', { class: 'hint' }, text)))
      }
    } catch (error) {
      problems.append(failure(error))
    }
  }

  return {
    element: element('div', { class: 'stack is-tight' }, enabled.element, details),
    definitions: () => (enabled.value ? parseDefinitions(editor.value) : []),
  }
}

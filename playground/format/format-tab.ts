import type { ResponseFormat, Session } from 'dasllama'
import { choice, numberField, slider, textField } from '../app/controls.js'
import { element } from '../app/dom.js'
import { failure } from '../app/failure.js'
import { StreamedText } from '../app/streamed-text.js'
import type { Playground, Run, Tab } from '../app/tab.js'
import { EXAMPLES, type FormatKind } from './examples.js'
import { inspected } from './problems.js'

const INSPECT_AFTER_MS = 200

/** Text that follows a JSON Schema or a grammar. */
export const formatTab: Tab = {
  id: 'format',
  label: 'Formats',
  mount(panel, app) {
    const problems = element('div', { class: 'stack is-tight', role: 'status' })
    const [first] = EXAMPLES
    let format: ResponseFormat | undefined
    let timer: ReturnType<typeof setTimeout> | undefined
    const inspect = () => {
      clearTimeout(timer)
      const found = inspected(kind.value, source.value)
      format = found.format
      problems.replaceChildren(
        ...(found.notes.length > 0
          ? found.notes
          : [element('p', { class: 'hint' }, 'Everything in it is enforced.')]),
      )
      update()
    }
    const kind = choice<FormatKind>({
      label: 'Format',
      options: [
        ['json_schema', 'JSON Schema'],
        ['grammar', 'Grammar (GBNF)'],
      ],
      value: first.kind,
      onChange: inspect,
    })
    const source = textField({
      label: 'Schema or grammar',
      rows: 16,
      isCode: true,
      value: first.source,
      onInput: () => {
        clearTimeout(timer)
        timer = setTimeout(inspect, INSPECT_AFTER_MS)
      },
    })
    const prompt = textField({ label: 'Prompt', value: first.prompt, rows: 2 })
    const example = choice({
      label: 'Example',
      options: EXAMPLES.map(({ name }, i) => [String(i), name] as const),
      value: '0',
      onChange: (value) => {
        const chosen = EXAMPLES[Number(value)]
        kind.value = chosen.kind
        source.value = chosen.source
        prompt.value = chosen.prompt
        inspect()
      },
    })
    const temp = slider({
      label: 'Temperature',
      ...{ min: 0, max: 2, step: 0.05, value: 0.8 },
      format: (value) => (value === 0 ? 'greedy' : value.toFixed(2)),
      onInput: () => {},
    })
    const maxTokens = numberField({ label: 'Most tokens', value: 160, min: 1, max: 100_000 })
    const generate = element('button', { type: 'submit', class: 'is-primary' }, 'Generate')
    const output = element('div', { class: 'stack format-output' })

    function update(): void {
      generate.disabled = !format || !app.loaded || app.isRunning
    }

    const form = element(
      'form',
      { class: 'format-form' },
      element('h2', { class: 'visually-hidden' }, 'Formats'),
      element('div', { class: 'format-source stack' }, source.element, problems),
      element(
        'div',
        { class: 'stack format-options' },
        ...[example, kind, prompt, temp, maxTokens].map((control) => control.element),
        element('div', {}, generate),
      ),
    )
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      inspect()
      if (!format || generate.disabled) return
      void write(app, output, {
        format,
        prompt: prompt.value,
        temp: temp.value,
        maxTokens: maxTokens.value >= 1 ? Math.floor(maxTokens.value) : 160,
      })
    })
    app.onModel(update)
    app.onRunning(update)
    panel.append(form, output)
    inspect()
  },
}

interface Writing {
  readonly format: ResponseFormat
  readonly prompt: string
  readonly temp: number
  readonly maxTokens: number
}

/** Generates into `output`: the text as it arrives, then whether it is complete, and its value. */
async function write(app: Playground, output: HTMLElement, writing: Writing): Promise<void> {
  const text = new StreamedText(() => {}, { className: 'code' })
  output.replaceChildren(element('h3', {}, 'Text'), text.element)
  let session: Session | undefined
  try {
    session = app.createSession()
    const used = session
    await app.run(async (run) => {
      output.append(...(await outcome(used, text, writing, run)))
      app.announce(`Generated: ${text.element.textContent}`)
    })
  } catch (error) {
    text.flush()
    output.append(failure(error))
  } finally {
    void session?.dispose()
  }
}

async function outcome(
  session: Session,
  text: StreamedText,
  { format, prompt, temp, maxTokens }: Writing,
  run: Run,
): Promise<HTMLElement[]> {
  const generation = session.generate(prompt, { responseFormat: format, temp, maxTokens, signal: run.signal })
  for await (const { piece } of generation) {
    run.count()
    text.append(piece)
  }
  text.flush()
  const { nGen, genTps } = session.stats()
  const stats = `${nGen} tokens${genTps > 0 ? ` · ${genTps.toFixed(0)} per second` : ''}`
  if (!generation.isComplete) {
    const why = generation.stopReason === 'length' ? 'after the most tokens' : 'early'
    return [
      element('p', { class: 'notice' }, `Cut ${why}, so it is not complete.`),
      element('p', { class: 'hint' }, stats),
    ]
  }
  const done = element('p', { class: 'hint' }, `Complete · ${stats} · seed ${session.seed}`)
  if (format.type === 'grammar') return [done]
  const value: unknown = JSON.parse(generation.text)
  return [
    done,
    element('h3', {}, 'Value'),
    element('pre', { class: 'value' }, JSON.stringify(value, null, 2)),
  ]
}

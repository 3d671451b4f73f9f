import { inspectModel, type Model, type ModelSummary } from 'dasllama'
import { button, element } from '../app/dom.js'
import { failure } from '../app/failure.js'
import { bytes, digits, whole } from '../app/format.js'
import type { Playground } from '../app/tab.js'
import type { ModelLoader, Origin } from './loader.js'

type Facts = readonly (readonly [string, string])[]

/** What the loaded model is, and how it runs here. */
export function factsCard(loader: ModelLoader, app: Playground): HTMLElement {
  const card = element('aside', { class: 'stack', 'aria-label': 'About the model' })
  const here = element('div', {})
  const showHere = () => {
    if (app.loaded && loader.origin) here.replaceChildren(list(runFacts(app.loaded.model, loader.origin)))
  }
  const show = () => {
    const { loaded } = app
    const { origin } = loader
    if (!loaded || !origin) {
      card.replaceChildren(element('p', { class: 'quiet' }, 'No model is loaded.'))
      return
    }
    const { model } = loaded
    card.replaceChildren(
      element('h2', {}, model.config.name ?? loaded.name),
      list(modelFacts(model)),
      element('h3', {}, 'Here'),
      here,
      ...notices(origin),
      fileFacts(loader, origin),
    )
    showHere()
  }
  show()
  app.onModel(show)
  app.onRunning(showHere)
  return card
}

function modelFacts({
  architecture,
  config,
  contextLength,
  chatTemplates,
  recommendedSampling,
}: Model): Facts {
  const recommended = Object.entries(recommendedSampling).map(([name, value]) => `${name} ${value}`)
  return [
    ['Family', architecture],
    ['Layers', whole(config.layers)],
    ['Width', whole(config.embeddingLength)],
    ['Heads', whole(config.heads)],
    ['KV heads', whole(config.kvHeads)],
    ['Vocabulary', `${whole(config.vocabSize)} tokens`],
    ['Context', `${whole(contextLength)} of ${whole(config.contextLength)}`],
    ['Chat template', chatTemplates.size > 0 ? [...chatTemplates.keys()].join(', ') : 'none'],
    ...(recommended.length > 0 ? [['Sampling', recommended.join(', ')] as const] : []),
  ]
}

function runFacts(model: Model, { warnings, loadTime }: Origin): Facts {
  const hasWorker = !warnings.some(({ code }) => code === 'NO_WORKER')
  return [
    ['Memory', bytes(model.memoryBytes)],
    ['Kernels', model.kernels],
    ['Threads', whole(model.threads)],
    ['Worker', hasWorker ? 'yes' : 'no: on the main thread'],
    ['Loaded in', `${digits(loadTime / 1000)} s`],
  ]
}

function notices({ warnings }: Origin): HTMLElement[] {
  const shown = warnings.map(({ message, hint }) => [message, hint])
  if (!crossOriginIsolated) {
    shown.push([
      'This page is not cross-origin isolated, so models run on one thread.',
      'Serve it with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp.',
    ])
  }
  return shown.map(([message, hint]) =>
    element(
      'div',
      { class: 'notice' },
      element('p', {}, message!),
      ...(hint ? [element('p', { class: 'hint' }, hint)] : []),
    ),
  )
}

/** Reads the header once more, but only if asked to. */
function fileFacts(loader: ModelLoader, { source }: Origin): HTMLElement {
  const place = element('div', { class: 'stack' })
  const read = button(
    'Read the file’s header',
    async () => {
      read.disabled = true
      try {
        const store = await loader.store().catch(() => undefined)
        const summary = await inspectModel(source, { store, hub: loader.hub })
        place.replaceChildren(element('h3', {}, 'In the file'), list(summaryFacts(summary)))
      } catch (error) {
        place.replaceChildren(failure(error))
      }
    },
    { class: 'is-small' },
  )
  place.append(element('div', {}, read))
  return place
}

function summaryFacts({
  parameters,
  tensors,
  tensorBytes,
  formats,
  memory,
  tokenizer,
  speed,
}: ModelSummary): Facts {
  return [
    ['Weights', `${whole(parameters)} in ${whole(tensors)} tensors`],
    ['Size', bytes(tensorBytes)],
    [
      'Formats',
      formats
        .map(({ format, bytes: part }) => `${format} ${Math.round((100 * part) / tensorBytes)} %`)
        .join(', '),
    ],
    ...(tokenizer
      ? [['Tokenizer', [tokenizer.model, tokenizer.pre].filter(Boolean).join(', ')] as const]
      : []),
    ...(memory
      ? [
          ['Memory for it', bytes(memory.modelBytes)] as const,
          [
            'A full context',
            `${bytes(memory.sessionBytes)} for ${whole(memory.contextLength)} tokens`,
          ] as const,
        ]
      : []),
    ...(speed ? [['Read per token', bytes(speed.bytesPerToken)] as const] : []),
  ]
}

function list(facts: Facts): HTMLElement {
  return element(
    'dl',
    { class: 'facts' },
    ...facts.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]),
  )
}

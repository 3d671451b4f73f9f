import type { ModelStore, StoredModel } from 'dasllama/hub'
import { button, element } from '../app/dom.js'
import { failure } from '../app/failure.js'
import { bytes } from '../app/format.js'
import type { ModelLoader } from './loader.js'

/** The models that this browser keeps. */
export function storedCard(loader: ModelLoader): {
  readonly element: HTMLElement
  readonly refresh: () => void
} {
  const list = element('ul', { class: 'stored-models' })
  const size = element('p', { class: 'hint' })
  const problem = element('div', {})
  const card = element(
    'section',
    { class: 'card stack', 'aria-label': 'Stored models' },
    element('h2', {}, 'Stored in this browser'),
    list,
    size,
    problem,
  )

  async function show(): Promise<void> {
    const store = await loader.store()
    const [models, { used, free }] = [await store.list(), await store.size()]
    list.replaceChildren(...models.map((model) => row(model, store)))
    size.textContent =
      models.length === 0
        ? 'Nothing yet: models that you load by name or address are kept here.'
        : `${bytes(used)} used${free === undefined ? '' : `, ${bytes(free)} free`}`
  }

  function row(model: StoredModel, store: ModelStore): HTMLElement {
    const name = model.name.replace(/@main$/, '')
    const remove = () =>
      attempt(async () => {
        await store.remove(model.name)
        await show()
      })
    return element(
      'li',
      { class: 'stored-model' },
      element(
        'div',
        {},
        element('p', { class: 'stored-name' }, name),
        element('p', { class: 'hint' }, describe(model)),
      ),
      button(model.isComplete ? 'Load' : 'Continue', () => void loader.loadNamed(model.name), {
        class: 'is-small',
        'aria-label': `${model.isComplete ? 'Load' : 'Continue'} ${name}`,
      }),
      button('Remove', remove, { class: 'is-small', 'aria-label': `Remove ${name}` }),
    )
  }

  function attempt(work: () => Promise<void>): void {
    problem.replaceChildren()
    work().catch((error) => problem.replaceChildren(failure(error)))
  }

  const refresh = () => attempt(show)
  let wasLoading = false
  loader.onChange(() => {
    const isLoading = loader.loading !== undefined
    if (wasLoading && !isLoading) refresh()
    wasLoading = isLoading
  })
  return { element: card, refresh }
}

function describe({ isComplete, isVerified, isPinned, loaded, size, usedAt }: StoredModel): string {
  if (!isComplete) return `${bytes(loaded)}${size === undefined ? '' : ` of ${bytes(size)}`} has arrived`
  const parts = [bytes(loaded)]
  if (isVerified) parts.push('checksum verified')
  if (isPinned) parts.push('pinned')
  if (usedAt) parts.push(`last used ${usedAt.toLocaleDateString()}`)
  return parts.join(' · ')
}

import { button, element, oncePerFrame } from '../app/dom.js'
import { failure } from '../app/failure.js'
import { describeProgress, type ModelLoader } from './loader.js'

/** The load in progress, or why the last one failed. */
export function progressCard(loader: ModelLoader): HTMLElement {
  const title = element('p', { class: 'load-name' })
  const bar = element('progress', { 'aria-label': 'Loaded', max: 1 })
  const text = element('p', { class: 'hint' })
  const warning = element('p', { class: 'hint' })
  const cancel = button('Cancel', () => loader.cancel(), { class: 'is-small' })
  const running = element(
    'div',
    { class: 'card stack is-tight' },
    element('div', { class: 'row' }, title, cancel),
    bar,
    text,
    warning,
  )
  const failed = element('div', {})
  const card = element('div', { class: 'stack loading' }, running, failed)
  let shown: unknown

  const draw = oncePerFrame(() => {
    const { loading } = loader
    running.hidden = !loading
    card.hidden = !loading && loader.failure === undefined
    if (loading) {
      title.textContent = `Loading ${loading.name}`
      warning.textContent = loading.warning?.message ?? ''
      text.textContent = loading.progress ? describeProgress(loading.progress) : 'Opening …'
      if (loading.progress && loading.progress.total > 0)
        bar.value = loading.progress.loaded / loading.progress.total
      else bar.removeAttribute('value')
    }
    if (shown === loader.failure) return
    shown = loader.failure
    failed.replaceChildren(...(shown === undefined ? [] : [failure(shown)]))
  })
  loader.onChange(draw)
  draw()
  return card
}

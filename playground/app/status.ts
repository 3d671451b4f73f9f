import type { ModelLoader } from '../model/loader.js'
import { button, element } from './dom.js'
import { bytes } from './format.js'
import type { LoadedModel, Playground } from './tab.js'
import type { TokenMeter } from './token-meter.js'

const UPDATE_MS = 250

/** The line at the bottom: tokens per second while something runs, memory, threads, kernels; what is being loaded. */
export function showStatus(
  line: HTMLElement,
  {
    app,
    meter,
    loader,
  }: { readonly app: Playground; readonly meter: TokenMeter; readonly loader: ModelLoader },
): void {
  const rate = element('span', { class: 'rate' })
  const facts = element('span', { class: 'status-facts' })
  const stop = button('Stop', () => app.stop(), { class: 'is-small stop', title: 'Stop (Escape)' })
  stop.hidden = true
  line.append(rate, facts, stop)
  let timer: ReturnType<typeof setInterval> | undefined
  let latest: number | undefined

  function update(): void {
    latest = meter.rate() ?? latest
    const { loaded } = app
    rate.textContent = latest === undefined ? '' : `${latest.toFixed(1)} tokens/s`
    facts.replaceChildren(...(loaded ? factsOf(loaded) : [loader.state ?? 'No model is loaded']))
  }

  app.onModel(() => {
    latest = undefined
    update()
  })
  loader.onChange(update)
  app.onRunning((isRunning) => {
    stop.hidden = !isRunning
    clearInterval(timer)
    if (isRunning) {
      meter.reset()
      timer = setInterval(update, UPDATE_MS)
    } else update()
  })
  update()
}

/** Units and names are for screen readers where there is no room for them. */
function factsOf({ model: { memoryBytes, threads, kernels } }: LoadedModel): (Node | string)[] {
  return [
    element('span', { class: 'visually-hidden' }, 'Memory '),
    `${bytes(memoryBytes)} · ${threads === 1 ? '1 thread' : `${threads} threads`} · ${kernels}`,
    element('span', { class: 'wide-only' }, ' kernels'),
  ]
}

/** The playground: builds the page and loads the embedded model. */
import { chatTab } from '../chat/chat-tab.js'
import { formatTab } from '../format/format-tab.js'
import { labTab } from '../lab/lab-tab.js'
import { ModelLoader } from '../model/loader.js'
import { modelTab } from '../model/model-tab.js'
import { element } from './dom.js'
import { acceptDroppedFiles } from './drop.js'
import { PlaygroundState } from './playground.js'
import { showStatus } from './status.js'
import type { Tab } from './tab.js'
import { tabs } from './tabs.js'
import { themeButton } from './theme.js'
import { TokenMeter } from './token-meter.js'

const EMBEDDED = { source: './tiny-stories.Q8_0.gguf', name: 'tiny-stories.Q8_0.gguf' }

const meter = new TokenMeter()
const app = new PlaygroundState({ announcer: find('#announcer'), meter })
const loader = new ModelLoader(app, EMBEDDED)

// A task of its own, apart from the evaluation of the modules: neither keeps the page waiting for long.
setTimeout(start)

function start(): void {
  showHeader()
  showStatus(find('.status'), { app, meter, loader })
  showTabs([chatTab, labTab, formatTab, modelTab(loader)])
  acceptDroppedFiles((file) => {
    location.hash = 'model'
    void loader.loadFile(file)
  })
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && app.isRunning) app.stop()
  })
  void loader.loadEmbedded()
}

function showHeader(): void {
  const name = element('span', { class: 'model-name' })
  app.onModel((loaded) => {
    name.textContent = loaded?.name ?? ''
  })
  find('.page-header').append(name, themeButton())
}

function showTabs(all: readonly Tab[]): void {
  const main = find('.page-main')
  const pages = all.map((tab) => ({ ...tab, panel: element('section', { class: `panel-${tab.id}` }) }))
  main.append(...pages.map(({ panel }) => panel))
  const mounted = new Set<string>()
  const bar = tabs({
    label: 'What to try',
    pages,
    selected: location.hash.slice(1),
    onSelect(id) {
      const { panel, ...tab } = pages.find((page) => page.id === id)!
      if (!mounted.has(id)) tab.mount(panel, app)
      mounted.add(id)
      tab.show?.()
      if (location.hash.slice(1) !== id) history.replaceState(null, '', `#${id}`)
    },
  })
  find('.page-tabs').append(bar.element)
  addEventListener('hashchange', () => {
    const id = location.hash.slice(1)
    if (pages.some((page) => page.id === id)) bar.select(id)
  })
}

function find(selector: string): HTMLElement {
  return document.querySelector<HTMLElement>(selector)!
}

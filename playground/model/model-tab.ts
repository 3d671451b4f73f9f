import { element } from '../app/dom.js'
import type { Tab } from '../app/tab.js'
import { factsCard } from './facts.js'
import type { ModelLoader } from './loader.js'
import { progressCard } from './progress-card.js'
import { sourcesCard } from './sources.js'
import { storedCard } from './stored.js'

/** Choose a model, and see what it is. */
export function modelTab(loader: ModelLoader): Tab {
  let refresh = () => {}
  return {
    id: 'model',
    label: 'Model',
    mount(panel, app) {
      const stored = storedCard(loader)
      refresh = stored.refresh
      panel.classList.add('with-aside')
      panel.append(
        element('div', { class: 'stack' }, sourcesCard(loader), progressCard(loader), stored.element),
        factsCard(loader, app),
      )
    },
    show: () => refresh(),
  }
}

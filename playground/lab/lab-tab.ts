import { element } from '../app/dom.js'
import type { Tab } from '../app/tab.js'

/** The sampling lab. */
export const labTab: Tab = {
  id: 'sampling',
  label: 'Sampling',
  mount(panel) {
    panel.append(element('h2', {}, 'Sampling'))
  },
}

import type { Playground, Tab } from '../app/tab.js'
import { Lab } from './lab.js'

/** The sampling lab. */
export const labTab: Tab = {
  id: 'sampling',
  label: 'Sampling',
  mount(panel: HTMLElement, app: Playground) {
    const lab = new Lab(app)
    panel.append(lab.element)
    app.onModel((loaded) => lab.use(loaded?.model))
  },
}

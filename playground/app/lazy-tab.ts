import type { Tab } from './tab.js'

/** A tab whose code is loaded when it is first shown. */
export function lazyTab({
  load,
  ...tab
}: Pick<Tab, 'id' | 'label'> & { readonly load: () => Promise<Tab> }): Tab {
  let loaded: Tab | undefined
  return {
    ...tab,
    mount(panel, app) {
      const mount = (found: Tab) => {
        loaded = found
        found.mount(panel, app)
        found.show?.()
      }
      load().then(mount, () => panel.append('This part of the page could not be loaded. Reload the page.'))
    },
    show: () => loaded?.show?.(),
  }
}

import { LazyModule } from '../../lazy-module.js'

/** Loads models that need more than one memory. */
export const splitting = /* @__PURE__ */ new LazyModule(() => import('./split/load.js'))

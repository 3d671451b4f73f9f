import { LazyModule } from '../../lazy-module.js'

/** Opens sources that only this thread can read, for an engine in a Worker. */
export const sources = /* @__PURE__ */ new LazyModule(() => import('../../storage/open-source.js'))

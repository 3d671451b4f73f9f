/** The module that a store imports when it needs it. */
import { LazyModule } from '../lazy-module.js'

/** Where browsers keep models. */
export const browserFolder = /* @__PURE__ */ new LazyModule(
  () => import('../platform/browser/store-folder.js'),
)

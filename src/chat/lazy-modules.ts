/** The modules that chats import when they need them. */
import { LazyModule } from '../lazy-module.js'

/** The grammars of tool calls. */
export const callConstraints = /* @__PURE__ */ new LazyModule(() => import('./calls/constrain-calls.js'))

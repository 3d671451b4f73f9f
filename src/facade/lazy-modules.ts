/** The modules that loading a model imports when it needs them. */
import { LazyModule } from '../lazy-module.js'

/** Reads a model file and runs its program in this thread. Not needed where that happens in a Worker. */
export const engineInThread = /* @__PURE__ */ new LazyModule(() => import('../backend/wasm/load.js'))

/** Has a Worker do both. */
export const engineInWorker = /* @__PURE__ */ new LazyModule(
  () => import('../backend/worker/open-in-worker.js'),
)

/** Opens and reads a model file in this thread. */
export const modelFiles = /* @__PURE__ */ new LazyModule(() => import('../gguf/open-model.js'))

/** Families, and the plan of a file's program. Not needed once a model is loaded. */
export const planner = /* @__PURE__ */ new LazyModule(() => import('./plan-for-context.js'))

/** Every kind of tokenizer. */
export const tokenizers = /* @__PURE__ */ new LazyModule(() => import('../tokenizer/create.js'))

/** Summaries of model files. */
export const summaries = /* @__PURE__ */ new LazyModule(() => import('./summarise.js'))

/** Names on the hub, and stores of models. */
export const hub = /* @__PURE__ */ new LazyModule(() => import('../hub/index.js'))

/** The package for service workers, which have no `import()`: everything that is otherwise loaded on demand is included. */
import { splitting } from '../backend/wasm/lazy-modules.js'
import * as engine from '../backend/wasm/load.js'
import * as split from '../backend/wasm/split/load.js'
import { sources } from '../backend/worker/lazy-modules.js'
import * as worker from '../backend/worker/open-in-worker.js'
import * as calls from '../chat/calls/constrain-calls.js'
import { callConstraints } from '../chat/lazy-modules.js'
import {
  engineInThread,
  engineInWorker,
  hub,
  modelFiles,
  planner,
  summaries,
  tokenizers,
} from '../facade/lazy-modules.js'
import * as plan from '../facade/plan-for-context.js'
import * as summary from '../facade/summarise.js'
import * as files from '../gguf/open-model.js'
import * as grammar from '../grammar/response-format.js'
import * as store from '../hub/index.js'
import { browserFolder } from '../hub/lazy-modules.js'
import { platform } from '../platform/browser/platform.js'
import * as folder from '../platform/browser/store-folder.js'
import { providePlatform } from '../platform/detect.js'
import { drafts, grammars, prefixCaches, states } from '../session/lazy-modules.js'
import * as prefixCache from '../session/prefix-cache.js'
import * as keptDrafts from '../session/speculation/kept-drafts.js'
import * as state from '../session/state.js'
import * as storage from '../storage/open-source.js'
import * as tokenizer from '../tokenizer/create.js'

providePlatform(platform)
engineInThread.provide(engine)
splitting.provide(split)
engineInWorker.provide(worker)
modelFiles.provide(files)
sources.provide(storage)
planner.provide(plan)
summaries.provide(summary)
tokenizers.provide(tokenizer)
grammars.provide(grammar)
callConstraints.provide(calls)
states.provide(state)
prefixCaches.provide(prefixCache)
drafts.provide(keptDrafts)
hub.provide(store)
browserFolder.provide(folder)

export * from '../index.js'

/** Web pages and their workers. */

import type { Platform } from '../platform.js'
import { createPlatform } from './create-platform.js'
import { startEngineThread } from './engine-threads.js'

export const platform: Platform = /* @__PURE__ */ createPlatform(startEngineThread)

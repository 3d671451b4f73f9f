/** Cloudflare Workers. */
import baseline from '../../kernels.wasm'
import relaxed from '../../kernels-relaxed.wasm'
import { edgePlatform } from '../edge/platform.js'

export const platform = /* @__PURE__ */ edgePlatform('workerd', { baseline, relaxed })

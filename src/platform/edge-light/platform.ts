/** Vercel's and Next's edge functions, whose bundlers compile what is imported with `?module`. */
import baseline from '../../kernels.wasm?module'
import relaxed from '../../kernels-relaxed.wasm?module'
import { edgePlatform } from '../edge/platform.js'

export const platform = /* @__PURE__ */ edgePlatform('edge-light', { baseline, relaxed })

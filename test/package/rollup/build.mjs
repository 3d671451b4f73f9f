/** Bundles an app with Rollup: `node build.mjs ENTRY FORMAT`. */
import { nodeResolve } from '@rollup/plugin-node-resolve'
import { rollup } from 'rollup'

const [input, format] = process.argv.slice(2)
const bundle = await rollup({ input, plugins: [nodeResolve({ browser: true })] })
await bundle.write({ dir: 'dist', format, inlineDynamicImports: format === 'iife' })
await bundle.close()

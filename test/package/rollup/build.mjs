/** Bundles the app with Rollup in a format. */
import { nodeResolve } from '@rollup/plugin-node-resolve'
import { rollup } from 'rollup'

const format = process.argv[2]
const bundle = await rollup({ input: 'passing-kernels.js', plugins: [nodeResolve({ browser: true })] })
await bundle.write({ dir: 'dist', format, inlineDynamicImports: format === 'iife' })
await bundle.close()

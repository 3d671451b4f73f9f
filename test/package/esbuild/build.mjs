/** Bundles the app with esbuild in a format. */
import { build } from 'esbuild'

await build({
  entryPoints: ['passing-kernels.js'],
  outdir: 'dist',
  bundle: true,
  minify: true,
  format: process.argv[2],
  platform: 'browser',
})

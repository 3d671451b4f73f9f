/** Bundles an app with esbuild: `node build.mjs ENTRY FORMAT`. */
import { build } from 'esbuild'

const [entry, format] = process.argv.slice(2)
await build({
  entryPoints: [entry],
  outdir: 'dist',
  bundle: true,
  minify: true,
  format,
  platform: 'browser',
})

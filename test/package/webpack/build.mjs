/** Builds an app with webpack, through its API: `node build.mjs ENTRY`. */
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import webpack from 'webpack'

const [entry] = process.argv.slice(2)
const stats = await new Promise((done, fail) => {
  webpack(
    {
      mode: 'production',
      entry: `./${entry}`,
      output: { path: resolve('dist'), filename: entry, publicPath: 'auto' },
    },
    (error, stats) => (error ? fail(error) : done(stats)),
  )
})
if (stats.hasErrors()) throw new Error(stats.toString('errors-only'))
await writeFile('dist/index.html', `<!doctype html><script type="module" src="./${entry}"></script>`)

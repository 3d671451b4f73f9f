/** Builds the app with webpack, through its API. */
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import webpack from 'webpack'

const stats = await new Promise((done, fail) => {
  webpack(
    { mode: 'production', entry: './main.js', output: { path: resolve('dist'), publicPath: 'auto' } },
    (error, stats) => (error ? fail(error) : done(stats)),
  )
})
if (stats.hasErrors()) throw new Error(stats.toString('errors-only'))
await writeFile('dist/index.html', '<!doctype html><script type="module" src="./main.js"></script>')

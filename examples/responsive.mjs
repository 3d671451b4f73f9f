/**
 * What else a thread serves while it runs a model: timers, messages and frames per second, in Node and in the
 * installed browsers.
 *
 *   node examples/responsive.mjs [model.gguf] [--seconds 2] [--threads 1] [--only Node,Firefox]
 *
 * Needs dist/ (npm run build). CHROMIUM and FIREFOX may be set to the paths of browsers.
 */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { BROWSERS, measureInBrowser } from './responsive/browsers.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '2' },
    threads: { type: 'string', default: '1' },
    only: { type: 'string', default: 'Node,Chromium,Firefox' },
  },
})
const source = resolve(
  positionals[0] ?? fileURLToPath(new URL('../models/tiny-stories.Q8_0.gguf', import.meta.url)),
)
const options = { seconds: Number(values.seconds), threads: Number(values.threads) }
const only = values.only.split(',')

if (!existsSync(new URL('../dist/index.js', import.meta.url))) {
  console.error('dist/ is missing: run `npm run build` first')
  process.exit(1)
}
if (!existsSync(source)) {
  console.error(`${source} does not exist`)
  process.exit(1)
}

const WIDTHS = [18, 18, 10, 10, 12, 10, 14]
const line = (cells) =>
  console.log(cells.map((cell, i) => (i < 2 ? cell.padEnd(WIDTHS[i]) : cell.padStart(WIDTHS[i]))).join(''))

function show(runtime, { rows, abort }) {
  for (const { work, ms, tokens, timers, messages, frames, longestMs } of rows) {
    const perSecond = (count) => ((1000 * count) / ms).toFixed(0)
    const cells = [
      perSecond(tokens),
      perSecond(timers),
      perSecond(messages),
      frames ? perSecond(frames) : '-',
    ]
    line([runtime, work, ...cells, `${longestMs.toFixed(0)} ms`])
  }
  const ended = abort.stopReason === 'abort' ? 'served in time' : `NOT SERVED (${abort.stopReason})`
  console.log(`${''.padEnd(18)}abort sent at token 5: ${ended}, at token ${abort.tokens} of 1000`)
}

console.log(`${source}\nA timer and a peer's message every 10 ms; served per second:\n`)
line(['runtime', 'while', 'tokens', 'timers', 'messages', 'frames', 'longest gap'])
if (only.includes('Node')) {
  const { measureInNodeWorker, measureOnMainThread } = await import('./responsive/node.mjs')
  show('Node main thread', await measureOnMainThread(source, options))
  show('Node worker', await measureInNodeWorker(source, options))
}
for (const browser of BROWSERS.filter(({ name }) => only.includes(name))) {
  if (!browser.path) {
    console.log(`${browser.name} is not installed; set ${browser.variable} to its path`)
    continue
  }
  const { page, worker } = await measureInBrowser(browser, source, options)
  show(`${browser.name} page`, page)
  show(`${browser.name} worker`, worker)
}

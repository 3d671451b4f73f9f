/**
 * What else a thread serves while it uses a model: timers, messages and frames per second, the longest task, and the
 * longest time to answer a message. In Node and in the installed browsers: on a main thread that runs the engine (`worker:
 * false`), on one with the engine in a Worker (`worker: true`), and in a worker that runs the engine.
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
import { measureAt, PLACE_KEYS, PLACES } from './responsive/places.mjs'

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

const WIDTHS = [11, 8, 8, 18, 9, 9, 10, 8, 14, 16, 14]
const line = (cells) =>
  console.log(cells.map((cell, i) => (i < 4 ? cell.padEnd(WIDTHS[i]) : cell.padStart(WIDTHS[i]))).join(''))
const rounded = (ms) => `${ms.toFixed(0)} ms`

/** Of tasks only those of 50 ms and more are reported, and not by all runtimes. */
function longestTask(ms) {
  if (ms === undefined) return '-'
  return ms === 0 ? '< 50 ms' : rounded(ms)
}

function show(runtime, results) {
  for (const { key, thread, worker } of PLACES.filter(({ key }) => key in results)) {
    const { rows, abort } = results[key]
    for (const { work, ms, tokens, timers, messages, frames, ...longest } of rows) {
      const perSecond = (count) => ((1000 * count) / ms).toFixed(0)
      line([
        ...[runtime, thread, String(worker), work],
        ...[tokens ? perSecond(tokens) : '-', perSecond(timers), perSecond(messages)],
        frames ? perSecond(frames) : '-',
        longestTask(longest.longestTaskMs),
        rounded(longest.longestAnswerMs),
        rounded(longest.longestGapMs),
      ])
    }
    const ended = abort.stopReason === 'abort' ? 'served in time' : `NOT SERVED (${abort.stopReason})`
    console.log(`${''.padEnd(27)}abort sent at token 5: ${ended}, at token ${abort.tokens} of 1000`)
  }
}

console.log(`${source}
Another thread's message and a timer every 10 ms; per second are served:
`)
line([
  ...['runtime', 'thread', 'worker', 'while', 'tokens', 'timers', 'messages', 'frames'],
  ...['longest task', 'longest answer', 'longest gap'],
])
if (only.includes('Node')) {
  const { measureInNodeWorker, measureOnMainThread } = await import('./responsive/node.mjs')
  const functions = { onMainThread: measureOnMainThread, inWorker: measureInNodeWorker }
  show('Node', await measureAt(PLACE_KEYS, functions, source, options))
}
for (const browser of BROWSERS.filter(({ name }) => only.includes(name))) {
  if (!browser.path) {
    console.log(`${browser.name} is not installed; set ${browser.variable} to its path`)
    continue
  }
  show(browser.name, await measureInBrowser(browser, source, options))
}

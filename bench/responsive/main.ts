/** `npm run bench -- responsive`: the cost of yielding to the event loop, in Node and in the browsers found here. */
import { mkdir } from 'node:fs/promises'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { withoutChromium } from '../../test/runtimes/chromium.js'
import { serveFiles } from '../../test/runtimes/file-server.js'
import { firefoxPath } from '../../test/runtimes/firefox.js'
import { randomModel } from '../../test/support/random-model/random-model.js'
import { type Browse, inChromium, inFirefox } from '../hosts/page-link.js'
import { cachedGguf } from '../models/cache.js'
import { MIXES_1_1B, MIXES_135M, SHAPE_1_1B, SHAPE_135M } from '../models/mixes.js'
import { quantile } from '../statistics.js'
import { type Result, run, type Samples, type Task } from './program.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const TURNS = 12

type Sizes = Pick<Task, 'generated' | 'prompt'>
const MODELS: readonly { name: string; path: () => Promise<string>; sizes: Sizes }[] = [
  {
    name: 'tiny-stories',
    path: async () => `${ROOT}models/tiny-stories.Q8_0.gguf`,
    sizes: { generated: 240, prompt: 240 },
  },
  {
    name: '135M-Q8_0',
    path: () =>
      cachedGguf('random-135M.Q8_0.gguf', () =>
        randomModel({ shape: SHAPE_135M, format: MIXES_135M.Q8_0, tied: true }),
      ),
    sizes: { generated: 16, prompt: 128 },
  },
  {
    name: '1.1B-Q4_0',
    path: () =>
      cachedGguf('random-1.1B.Q4_0.gguf', () => randomModel({ shape: SHAPE_1_1B, format: MIXES_1_1B.Q4_0 })),
    sizes: { generated: 4, prompt: 128 },
  },
]

/**
 * How much longer a yielding turn takes than a blocking one, in per cent: by the medians and, where other programs disturb
 * least, by the lower quartiles.
 */
function cost({ yielding, blocking }: Samples): string {
  const by = (share: number) => 100 * (quantile(yielding, share) / quantile(blocking, share) - 1)
  return `${by(0.5).toFixed(1)} % (${by(0.25).toFixed(1)} %)`
}

function rate(samples: readonly number[], tokens: number): string {
  return ((1000 * tokens) / quantile(samples, 0.5)).toFixed(1)
}

function rows(runtime: string, model: string, sizes: Sizes, result: Result): string {
  return (['generate', 'prompt'] as const)
    .map((work) => {
      const samples = result[work]
      const { pauses, clockMs } = samples
      const tokens = work === 'generate' ? sizes.generated : sizes.prompt
      const cells = [rate(samples.yielding, tokens), rate(samples.blocking, tokens), cost(samples)]
      const pauseMs = quantile(pauses, 0.5)
      const share = ((100 * pauseMs * pauses.length) / clockMs).toFixed(2)
      const paused = [
        `${(clockMs / pauses.length).toFixed(0)} ms`,
        `${(1000 * pauseMs).toFixed(0)} µs`,
        `${share} %`,
      ]
      return `| ${[runtime, model, work, ...cells, ...paused].join(' | ')} |`
    })
    .join('\n')
}

async function inBrowser(browse: Browse, task: object): Promise<Result> {
  const server = await serveFiles()
  try {
    const url = `${server.url}bench/responsive/page.html#${encodeURIComponent(JSON.stringify(task))}`
    await browse(
      url,
      server.posted.then(() => {}),
    )
    const result = JSON.parse(await server.posted)
    if (result.error) throw new Error(result.error)
    return result
  } finally {
    await server.close()
  }
}

/** `models`: names of MODELS. Default: all, or the first one if `quick`, which takes few turns. */
export async function benchResponsive({
  models = MODELS.map(({ name }) => name),
  quick,
}: {
  models?: readonly string[]
  quick: boolean
}): Promise<void> {
  const turns = quick ? 2 : TURNS
  const outdir = `${ROOT}.cache/bench/responsive`
  await mkdir(outdir, { recursive: true })
  await build({
    entryPoints: [fileURLToPath(new URL('page.ts', import.meta.url))],
    outdir,
    bundle: true,
    // So that imports for Node alone stay in a file that pages do not load.
    splitting: true,
    format: 'esm',
    target: 'es2022',
    external: ['node:*'],
    alias: { '@huggingface/jinja': `${ROOT}scripts/jinja-parser.mjs` },
    logLevel: 'error',
  })
  const browsers = [
    ...(withoutChromium ? [] : [['Chromium page', inChromium] as const]),
    ...(firefoxPath ? [['Firefox page', inFirefox] as const] : []),
  ]
  const heads = [
    'tokens/s, yielding',
    'blocking',
    'takes longer by',
    'a pause every',
    'takes',
    'share of pauses',
  ]
  console.log(`| runtime | model | work | ${heads.join(' | ')} |`)
  console.log(`|---|---|---|${'---:|'.repeat(heads.length)}`)
  for (const { name, path, sizes } of MODELS.filter(({ name }) => models.includes(name))) {
    const file = await path()
    const task = { threads: 1, turns, ...sizes }
    console.log(rows('Node', name, sizes, await run({ ...task, source: file, kernels: undefined })))
    for (const [runtime, browse] of browsers) {
      const files = { source: `/${relative(ROOT, file)}`, kernels: '/dist/kernels.wasm' }
      console.log(rows(runtime, name, sizes, await inBrowser(browse, { ...task, ...files })))
    }
  }
}

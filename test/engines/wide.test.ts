/** Kernels of the build `wide` where the engine joins their vectors: it does, and not a bit of a result changes. */
import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { writeGguf } from '../../src/gguf/writer.js'
import { compileKernels } from '../kernels/compile.js'
import { FORMAT_CASES, type ModelCase, randomIds, VARIANTS } from '../support/random-models.js'
import { engines, launch, ROOT } from './launch.js'

const FOLDER = `${ROOT}.cache/engines/wide`
/** More than a batch, then some one by one. */
const PROMPT_LENGTH = 150
const STEPS = 5

const FLAG = '--experimental-wasm-revectorize'
/** Compiles all functions at once for speed, and has V8 tell what it joins. */
const TRACE = [FLAG, '--trace-wasm-revectorize', '--no-liftoff', '--no-wasm-lazy-compilation']

/** The loops of prompts, by what they multiply with. */
const TILES: Readonly<Record<string, string>> = {
  int8: `
    import { Q4_K } from './assembly/formats/q4_k'
    import { Int8Tile } from './assembly/matmul/int8'
    export function hot(scratch: usize, tokens: i32, n: i32): void {
      changetype<Int8Tile<Q4_K>>(scratch).multiply(tokens, n)
    }`,
  int16: `
    import { Q8_0 } from './assembly/formats/q8_0'
    import { Int16Tile } from './assembly/matmul/int16'
    export function hot(scratch: usize, tokens: i32, n: i32): void {
      changetype<Int16Tile<Q8_0>>(scratch).multiply(tokens, n)
    }`,
  floats: `
    import { BF16 } from './assembly/formats/bf16'
    import { FloatTile } from './assembly/matmul/floats'
    export function hot(scratch: usize, tokens: i32, n: i32): void {
      changetype<FloatTile<BF16>>(scratch).multiply(tokens, n)
    }`,
}

const installed = await engines()
const nodes = installed.filter(
  ({ program, version }) =>
    process.arch === 'x64' && program === 'node' && Number.parseInt(version, 10) >= 24,
)

/** Writes a case's model and returns its path. */
async function fileOf({ name, parts }: ModelCase): Promise<string> {
  const file = `${FOLDER}/${name.replaceAll('/', '-')}.gguf`
  await mkdir(FOLDER, { recursive: true })
  await writeFile(file, writeGguf(parts))
  return file
}

describe.each(nodes)('node $version', ({ path }) => {
  const run = async (args: readonly string[]) =>
    (await promisify(execFile)(path, args, { maxBuffer: 2 ** 28 })).stdout

  it.each(Object.entries(TILES))('joins the vectors of the %s tile', async (name, source) => {
    await mkdir(FOLDER, { recursive: true })
    const file = `${FOLDER}/${name}.wasm`
    await writeFile(file, await compileKernels(source, 'wide'))
    const compile = `new WebAssembly.Module(fs.readFileSync(${JSON.stringify(file)}))`
    expect(await run([...TRACE, '-e', compile])).toMatch(/Decided? to vectorize/)
  })

  it.each([...FORMAT_CASES, ...VARIANTS])(
    'computes the same bits with wide kernels as with relaxed: $name',
    async (each) => {
      const model = await fileOf(each)
      const ids = randomIds(PROMPT_LENGTH + STEPS, each.vocab, each.name)
      const ask = async (kernels: string, threads: number, flags: readonly string[] = []) =>
        JSON.parse(
          await run([
            ...flags,
            // Else functions that run so little would stay as the first compiler makes them, which joins nothing.
            '--no-liftoff',
            `${ROOT}test/engines/logits.mjs`,
            JSON.stringify({ model, kernels, threads, ids, prompt: PROMPT_LENGTH }),
          ]),
        )
      const relaxed = await ask('relaxed', 1)
      expect(relaxed).toMatchObject({ kernels: 'relaxed', logits: { length: STEPS + 1 } })
      expect(await ask('wide', 1)).toEqual({ ...relaxed, kernels: 'wide' })
      expect(await ask('wide', 2)).toEqual({ ...relaxed, kernels: 'wide' })
      expect(await ask('relaxed', 1, [FLAG])).toEqual(relaxed)
      expect(await ask('baseline', 1, [FLAG])).toEqual(await ask('baseline', 1))
    },
  )

  it('takes them by itself where it was started so', async () => {
    const program = `${ROOT}test/engines/logits.mjs`
    const model = await fileOf(FORMAT_CASES[0])
    const task = JSON.stringify({ model, kernels: 'auto', threads: 1, ids: [1, 2], prompt: 2 })
    expect(JSON.parse(await run([FLAG, program, task])).kernels).toBe('wide')
    expect(JSON.parse(await run([program, task])).kernels).toBe('relaxed')
  })
})

describe.each(installed.filter((engine) => !nodes.includes(engine)))('$program $version', (engine) => {
  it('refuses them, for it has no such vectors', async () => {
    const model = await fileOf(FORMAT_CASES[0])
    const task = JSON.stringify({ model, kernels: 'wide', threads: 1, ids: [1, 2], prompt: 2 })
    const [program, ...args] = launch(engine, `${ROOT}test/engines/logits.mjs`)
    const failure = promisify(execFile)(program, [...args, task])
    await expect(failure).rejects.toThrow("kernels: 'wide' needs vectors of 256 bits")
  })
})

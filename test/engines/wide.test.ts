/** Kernels of the `wide` build on an engine that joins their vectors: it does join them, and no bit of a result changes. */
import { mkdir, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { compileKernels } from '../kernels/compile.js'
import { FORMAT_CASES, VARIANTS } from '../support/random-models.js'
import { engines, launch, ROOT } from './launch.js'
import { logitsArguments, logitsIn, outputOf, type Settings } from './logits.js'

const FOLDER = `${ROOT}.cache/engines/wide`

const FLAG = '--experimental-wasm-revectorize'
/** Compiles all functions with the optimising compiler, and makes V8 report what it joins. */
const TRACE = [FLAG, '--trace-wasm-revectorize', '--no-liftoff', '--no-wasm-lazy-compilation']

/** The loops of prefill, by their activations. */
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

describe.each(nodes)('node $version', ({ path }) => {
  it.each(Object.entries(TILES))('joins the vectors of the %s tile', async (name, source) => {
    await mkdir(FOLDER, { recursive: true })
    const file = `${FOLDER}/${name}.wasm`
    await writeFile(file, await compileKernels(source, 'wide'))
    const compile = `new WebAssembly.Module(fs.readFileSync(${JSON.stringify(file)}))`
    expect(await outputOf(path, [...TRACE, '-e', compile])).toMatch(/Decided? to vectorize/)
  })

  const KV_CASES = ['f32', 'q8_0'].map((kvType) => ({ ...FORMAT_CASES[0], kvType }))

  it.each([...[...FORMAT_CASES, ...VARIANTS].map((each) => ({ ...each, kvType: 'f16' })), ...KV_CASES])(
    'computes the same bits with wide kernels as with relaxed: $name, $kvType cache',
    async ({ kvType, ...each }) => {
      const ask = (settings: Settings, flags: readonly string[] = []) =>
        // Otherwise functions that run so little would stay in baseline code, which joins nothing.
        logitsIn(path, ['--no-liftoff', ...flags], each, { kvType, ...settings })
      const relaxed = await ask({ kernels: 'relaxed' })
      expect(relaxed.kernels).toBe('relaxed')
      expect(await ask({ kernels: 'wide' })).toEqual({ ...relaxed, kernels: 'wide' })
      expect(await ask({ kernels: 'wide', threads: 2 })).toEqual({ ...relaxed, kernels: 'wide' })
      expect(await ask({ kernels: 'relaxed' }, [FLAG])).toEqual(relaxed)
      expect(await ask({ kernels: 'baseline' }, [FLAG])).toEqual(await ask({ kernels: 'baseline' }))
    },
  )

  it('chooses them automatically if the process was started with the flag', async () => {
    const [each] = FORMAT_CASES
    expect((await logitsIn(path, [FLAG], each, { kernels: 'auto' })).kernels).toBe('wide')
    expect((await logitsIn(path, [], each, { kernels: 'auto' })).kernels).toBe('relaxed')
  })
})

describe.each(installed.filter((engine) => !nodes.includes(engine)))('$program $version', (engine) => {
  it('rejects them without such vectors', async () => {
    const [script, task] = await logitsArguments(FORMAT_CASES[0], { kernels: 'wide' })
    const [program, ...args] = launch(engine, script)
    await expect(outputOf(program, [...args, task])).rejects.toThrow("kernels: 'wide' needs 256-bit vectors")
  })
})

import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { bundled } from '../test/sizes/bundled.js'

const ROOT = new URL('../', import.meta.url)

/** The download sizes of a page that uses the package, and of npm. */
export interface PackageSizes {
  readonly files: readonly { readonly file: string; readonly bytes: number; readonly gzipBytes: number }[]
  /** The package from `npm pack`: bytes of the tarball, and of the files in it. */
  readonly tarballBytes: number
  readonly unpackedBytes: number
}

const FILES = [
  ...['kernels.wasm', 'kernels-relaxed.wasm', 'kernels-wide.wasm'],
  ...['browser-engine-thread.js', 'browser-thread.js', 'node-thread.js'],
]

/** What bundles of these exports load at first. */
const BUNDLES = ['{ loadModel }', '{ loadModel, createChat }', '{ cosineSimilarity }']

export async function measureSizes(): Promise<PackageSizes> {
  const files = FILES.map(async (file) => {
    const bytes = await readFile(new URL(`dist/${file}`, ROOT))
    return { file: `dist/${file}`, bytes: bytes.length, gzipBytes: gzipSync(bytes, { level: 9 }).length }
  })
  const bundles = BUNDLES.map(async (names) => {
    const { first } = await bundled(`export ${names} from 'dasllama'`)
    return { file: `a bundle of ${names}`, ...first }
  })
  return { files: await Promise.all([...files, ...bundles]), ...(await packedSizes()) }
}

async function packedSizes(): Promise<Pick<PackageSizes, 'tarballBytes' | 'unpackedBytes'>> {
  // Without scripts, because `prepack` would build what has just been built.
  const args = ['pack', '--json', '--dry-run', '--ignore-scripts']
  const options = { cwd: fileURLToPath(ROOT), shell: process.platform === 'win32' }
  const { stdout } = await promisify(execFile)('npm', args, options)
  const [{ size, unpackedSize }] = JSON.parse(stdout) as [{ size: number; unpackedSize: number }]
  return { tarballBytes: size, unpackedBytes: unpackedSize }
}

import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'

const ROOT = new URL('../', import.meta.url)

/** The download sizes of a page that uses the package, and of npm. */
export interface PackageSizes {
  readonly files: readonly { readonly file: string; readonly bytes: number; readonly gzipBytes: number }[]
  /** The package from `npm pack`: bytes of the tarball, and of the files in it. */
  readonly tarballBytes: number
  readonly unpackedBytes: number
}

/** The files of the engine; bundlers omit the platform files of other runtimes. */
const FILES = [
  'kernels.wasm',
  'kernels-relaxed.wasm',
  'kernels-wide.wasm',
  'index.js',
  'errors.js',
  'platform/node.js',
  'platform/node-thread.js',
  'platform/browser.js',
  'platform/browser-thread.js',
  'workerd.js',
]

export async function measureSizes(): Promise<PackageSizes> {
  const files = FILES.map(async (file) => {
    const bytes = await readFile(new URL(`dist/${file}`, ROOT))
    return { file: `dist/${file}`, bytes: bytes.length, gzipBytes: gzipSync(bytes, { level: 9 }).length }
  })
  return { files: await Promise.all(files), ...(await packedSizes()) }
}

async function packedSizes(): Promise<Pick<PackageSizes, 'tarballBytes' | 'unpackedBytes'>> {
  // Without scripts, because `prepack` would build what has just been built.
  const args = ['pack', '--json', '--dry-run', '--ignore-scripts']
  const { stdout } = await promisify(execFile)('npm', args, { cwd: fileURLToPath(ROOT) })
  const [{ size, unpackedSize }] = JSON.parse(stdout) as [{ size: number; unpackedSize: number }]
  return { tarballBytes: size, unpackedBytes: unpackedSize }
}

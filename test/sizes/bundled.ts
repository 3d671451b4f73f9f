import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { type OutputChunk, rolldown } from 'rolldown'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

export interface Size {
  readonly bytes: number
  readonly gzipBytes: number
}

/** A minified bundle of a program for pages. */
export interface Bundled {
  /** What the program loads at first: its entry, and the chunks that this imports statically. */
  readonly first: Size
  /** Files of dist/ that are in it. */
  readonly firstFiles: readonly string[]
  /** Everything, including what is loaded on demand. */
  readonly all: Size
}

/** Bundles a program as Vite 8 does. */
export async function bundled(program: string): Promise<Bundled> {
  const entry = `${ROOT}program.js`
  const bundle = await rolldown({
    input: entry,
    platform: 'browser',
    external: [/\.wasm/, /^node:/],
    logLevel: 'silent',
    plugins: [
      {
        name: 'program',
        resolveId: (id) => (id === entry ? id : undefined),
        load: (id) => (id === entry ? program : undefined),
      },
    ],
  })
  const { output } = await bundle.generate({ format: 'esm', minify: true })
  await bundle.close()
  const chunks = new Map(
    output
      .filter((file): file is OutputChunk => file.type === 'chunk')
      .map((chunk) => [chunk.fileName, chunk]),
  )
  const first = new Set<OutputChunk>()
  const follow = (name: string) => {
    const chunk = chunks.get(name)
    if (!chunk || first.has(chunk)) return
    first.add(chunk)
    for (const imported of chunk.imports) follow(imported)
  }
  for (const { isEntry, fileName } of chunks.values()) if (isEntry) follow(fileName)
  return {
    first: sizeOf(first),
    firstFiles: Array.from(first, ({ modules }) => Object.keys(modules))
      .flat()
      .filter((path) => path.startsWith(`${ROOT}dist/`))
      .map((path) => path.slice(ROOT.length)),
    all: sizeOf(chunks.values()),
  }
}

function sizeOf(chunks: Iterable<OutputChunk>): Size {
  let [bytes, gzipBytes] = [0, 0]
  for (const { code } of chunks) {
    bytes += Buffer.byteLength(code)
    gzipBytes += gzipSync(code).length
  }
  return { bytes, gzipBytes }
}

import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const FOLDER = fileURLToPath(new URL('../../.cache/bench/hosts/', import.meta.url))

export type HostProgram = 'process' | 'page' | 'workerd'

/** Where each program finds this package as built. */
const PACKAGE: Readonly<Record<HostProgram, string>> = {
  process: '../../../dist/index.js',
  page: '/dist/index.js',
  workerd: './dist/workerd.js',
}

/**
 * Bundles a host and the contestant in `module` as plain JavaScript, which every engine reads; resolves with its path.
 * Packages and dist/ are not bundled.
 */
export function bundleHost(program: HostProgram, module: URL): Promise<string> {
  const path = fileURLToPath(module)
  const serve = `serve(contestant)`
  return bundle(
    program,
    `${program}-${nameOf(path)}`,
    `import { serve } from ${JSON.stringify(`${HERE}${program}.ts`)}
    import { contestant } from ${JSON.stringify(path)}
    ${program === 'workerd' ? `export default ${serve}` : serve}`,
  )
}

/** The same of a program that calls `run(task)` of `module` once, see run-once.ts. */
export function bundleRun(program: 'process' | 'page', module: URL): Promise<string> {
  const path = fileURLToPath(module)
  const answer = program === 'process' ? 'answerByOutput' : 'answerByPost'
  return bundle(
    program,
    `${program}-run-${nameOf(path)}`,
    `import { ${answer} } from ${JSON.stringify(`${HERE}answer-once.ts`)}
    import { run } from ${JSON.stringify(path)}
    ${answer}(run)`,
  )
}

/** The folder and the file. */
function nameOf(path: string): string {
  return `${basename(path.replace(/\/\w+\.ts$/, ''))}-${basename(path, '.ts')}`
}

async function bundle(program: HostProgram, name: string, contents: string): Promise<string> {
  const outfile = `${FOLDER}${name}.mjs`
  await build({
    stdin: { contents, resolveDir: HERE },
    bundle: true,
    format: 'esm',
    target: 'es2022',
    platform: program === 'process' ? 'node' : 'neutral',
    packages: 'external',
    outfile,
    logLevel: 'warning',
    plugins: [
      {
        name: 'this package',
        setup: ({ onResolve }) =>
          onResolve({ filter: /^dasllama$/ }, () => ({ path: PACKAGE[program], external: true })),
      },
    ],
  })
  return outfile
}

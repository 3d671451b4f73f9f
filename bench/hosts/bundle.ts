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
export async function bundleHost(program: HostProgram, module: URL): Promise<string> {
  const path = fileURLToPath(module)
  const name = `${program}-${basename(path.replace(/\/\w+\.ts$/, ''))}-${basename(path, '.ts')}.mjs`
  const serve = `serve(contestant)`
  await build({
    stdin: {
      contents: `
        import { serve } from ${JSON.stringify(`${HERE}${program}.ts`)}
        import { contestant } from ${JSON.stringify(path)}
        ${program === 'workerd' ? `export default ${serve}` : serve}`,
      resolveDir: HERE,
    },
    bundle: true,
    format: 'esm',
    target: 'es2022',
    platform: program === 'process' ? 'node' : 'neutral',
    packages: 'external',
    outfile: FOLDER + name,
    logLevel: 'warning',
    plugins: [
      {
        name: 'this package',
        setup: ({ onResolve }) =>
          onResolve({ filter: /^dasllama$/ }, () => ({ path: PACKAGE[program], external: true })),
      },
    ],
  })
  return FOLDER + name
}

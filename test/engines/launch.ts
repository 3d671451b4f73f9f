import { fileURLToPath } from 'node:url'
import { canFetch, type Engine, findEngines } from '../../scripts/engines.mjs'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))
export const CLI = `${ROOT}dist/cli.js`

/** The engines that `npm run engines` fetches. */
const FETCHED = ['node 20', 'node 22', 'node 24', 'node 26', 'bun', 'deno']

/** The engines that run here, beginning with that of the tests. In CI none of `FETCHED` may be missing. */
export async function engines(): Promise<Engine[]> {
  const found = await findEngines()
  const names = found.flatMap(({ program, version }) => [program, `${program} ${version.split('.')[0]}`])
  const missing = FETCHED.filter((name) => !names.includes(name))
  if (missing.length > 0) {
    const problem = `not found: ${missing.join(', ')}; npm run engines fetches them`
    if (process.env.CI && canFetch) throw new Error(problem)
    console.warn(`skipped: ${problem}`)
  }
  return found
}

/** The command line that starts a script on an engine, with only the permissions that docs/runtimes.md names. */
export function launch({ program, path }: Engine, script: string): string[] {
  if (program !== 'deno') return [path, script]
  return [path, 'run', '--no-lock', '--allow-read', '--allow-env', script]
}

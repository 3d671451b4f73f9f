/** Rebuilds outdated parts of dist/ before the tests of a run, so that no test runs stale kernels. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export function setup(): void {
  const script = fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url))
  execFileSync(process.execPath, [script, '--if-needed'], { stdio: ['ignore', 'inherit', 'inherit'] })
}

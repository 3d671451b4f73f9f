/** Before the tests of a run: builds what of dist/ is not made from the sources as they are, so that no test runs stale kernels. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export function setup(): void {
  const script = fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url))
  execFileSync(process.execPath, [script, '--if-needed'], { stdio: ['ignore', 'inherit', 'inherit'] })
}

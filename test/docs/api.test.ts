/** docs/api is what `npm run docs:api` writes, and everything that the package exports has a comment. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

it('the pages are up to date, and every public name has a comment', { timeout: 180_000 }, () => {
  const script = fileURLToPath(new URL('../../scripts/api-docs/main.mjs', import.meta.url))
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' })
  expect(`${stdout}${stderr}`).toBe('')
  expect(status).toBe(0)
})

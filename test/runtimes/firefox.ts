import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where Firefox is; it is an extra, which tests do without. */
export const firefoxPath = [process.env.FIREFOX, '/usr/bin/firefox-esr', '/usr/bin/firefox']
  .filter((path) => path !== undefined)
  .find((path) => existsSync(path))

/** Shows a page in a Firefox without windows until `done` settles; resolves and rejects as it does. */
export async function withFirefox<T>(url: string, done: Promise<T>): Promise<T> {
  const profile = await mkdtemp(join(tmpdir(), 'firefox-'))
  const args = ['--headless', '--no-remote', '--profile', profile, url]
  const firefox = spawn(firefoxPath!, args, { stdio: 'ignore' })
  const closed = once(firefox, 'close')
  const early = closed.then(() => Promise.reject(new Error('Firefox ended too early')))
  try {
    return await Promise.race([done, early])
  } finally {
    early.catch(() => {})
    firefox.kill()
    await closed
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}

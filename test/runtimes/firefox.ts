import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, firefox } from 'playwright-core'

/** The path of Firefox; tests in it are skipped if there is none. */
export const firefoxPath = [process.env.FIREFOX, '/usr/bin/firefox-esr', '/usr/bin/firefox']
  .filter((path) => path !== undefined)
  .find((path) => existsSync(path))

/** Opens a page in a headless Firefox until `done` settles; resolves and rejects like it. */
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

/** What playwright sends commands with, within its own objects. */
interface Session {
  send(method: string, params?: unknown): Promise<unknown>
}

/** Starts the installed Firefox, to be driven by its own protocol, WebDriver BiDi. */
export async function startFirefox(): Promise<Browser> {
  const browser = await firefox.launch({ channel: 'moz-firefox', executablePath: firefoxPath })
  // playwright 1.65 sends this for each context, and Firefox 153 does not know it.
  const { _connection } = browser as unknown as {
    _connection: { toImpl(of: Browser): { _browserSession: Session } }
  }
  const session = _connection.toImpl(browser)._browserSession
  const send = session.send.bind(session)
  session.send = async (method, params) =>
    method === 'emulation.setMediaFeaturesOverride' ? {} : send(method, params)
  return browser
}

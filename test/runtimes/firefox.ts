import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, firefox, type LaunchOptions } from 'playwright-core'

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

/** Starts a headless Firefox that Playwright controls by WebDriver BiDi, with preferences of `about:config`, if any. */
export async function startFirefox(preferences: LaunchOptions['firefoxUserPrefs'] = {}): Promise<Browser> {
  // The channel is that of a Firefox that Playwright has not patched.
  const browser = await firefox.launch({
    channel: 'moz-firefox',
    executablePath: firefoxPath!,
    firefoxUserPrefs: preferences,
  })
  skipUnknownEmulation(browser)
  return browser
}

/** What Playwright sends to a browser. */
interface BidiSession {
  send(method: string, parameters: unknown): Promise<unknown>
}

const patched = new WeakSet<object>()

/** Playwright 1.65 always sets media features, which Firefox 153 does not know: what it does not know is left out. */
function skipUnknownEmulation(browser: Browser): void {
  const { _connection } = browser as unknown as {
    _connection: { toImpl(browser: Browser): { _browserSession: BidiSession } }
  }
  const session: BidiSession = Object.getPrototypeOf(_connection.toImpl(browser)._browserSession)
  if (patched.has(session)) return
  patched.add(session)
  const { send } = session
  session.send = async function (method, parameters) {
    try {
      return await send.call(this, method, parameters)
    } catch (error) {
      if (method.startsWith('emulation.') && /unknown command/.test(String(error))) return {}
      throw error
    }
  }
}

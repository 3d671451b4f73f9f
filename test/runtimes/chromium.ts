import { existsSync } from 'node:fs'
import { type Browser, chromium, type LaunchOptions } from 'playwright-core'

const executablePath = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]
  .filter((path) => path !== undefined)
  .find((path) => existsSync(path))

/** Whether tests that need Chromium are skipped: if it is not found, except in CI, where it is required. */
export const withoutChromium = executablePath === undefined && !process.env.CI
if (withoutChromium) console.warn('skipped: Chromium not found; set CHROMIUM to its path')

/** How Playwright starts it, with more arguments, if any. */
export function chromiumOptions(...args: readonly string[]): LaunchOptions {
  if (executablePath === undefined) throw new Error('CI must have Chromium')
  return {
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...args,
    ],
  }
}

/** Starts it with more arguments, if any. */
export async function startChromium(...args: readonly string[]): Promise<Browser> {
  return chromium.launch(chromiumOptions(...args))
}

import type { Browser } from 'playwright-core'
import { startChromium, withoutChromium } from './chromium.js'
import { firefoxPath, startFirefox } from './firefox.js'

export interface TestBrowser {
  readonly name: 'Chromium' | 'Firefox'
  /** Whether tests in it are skipped. */
  readonly isMissing: boolean
  start(): Promise<Browser>
}

export const BROWSERS: readonly TestBrowser[] = [
  { name: 'Chromium', isMissing: withoutChromium, start: () => startChromium() },
  { name: 'Firefox', isMissing: firefoxPath === undefined, start: () => startFirefox() },
]

/**
 * Hosts a contestant on a web page, or in its worker. The page posts its last answer to its server and gets
 * the next request in return, so that the browser needs no automation.
 */
import type { Contestant } from '../contestants/contestant.js'
import { answering } from './answering.js'
import type { Answer } from './protocol.js'

/** Answers as long as the server sends requests. */
export async function serve(contestant: Contestant): Promise<void> {
  const answer = answering(contestant, { runtime: await runtime() })
  let last: Answer | undefined
  for (;;) {
    const response = await fetch('/', { method: 'POST', body: JSON.stringify(last ?? null) })
    last = await answer(await response.json())
  }
}

/** Chromium's full version, which the user agent string shortens. */
interface UserAgentData {
  getHighEntropyValues(hints: readonly string[]): Promise<{ readonly uaFullVersion?: string }>
}

async function runtime(): Promise<string> {
  const { userAgent, userAgentData } = navigator as Navigator & { userAgentData?: UserAgentData }
  const [, name, version] = /(Chrome|Firefox)\/([\d.]+)/.exec(userAgent) ?? []
  if (!name) return userAgent
  const exact = await userAgentData?.getHighEntropyValues(['uaFullVersion'])
  return `${name === 'Chrome' ? 'Chromium' : name} ${exact?.uaFullVersion ?? version}`
}

/**
 * Hosts a contestant on a web page, or in its worker. The page posts its last answer to its server and gets
 * the next request in return, so that the browser needs no automation.
 */
import type { Contestant } from '../contestants/contestant.js'
import { answering } from './answering.js'
import type { Answer } from './protocol.js'
import { browserRuntime } from './runtime.js'

/** Answers as long as the server sends requests. */
export async function serve(contestant: Contestant): Promise<void> {
  const answer = answering(contestant, { runtime: await browserRuntime() })
  let last: Answer | undefined
  for (;;) {
    const response = await fetch('/', { method: 'POST', body: JSON.stringify(last ?? null) })
    last = await answer(await response.json())
  }
}

/** Hosts a contestant in a process of Node, Bun or Deno: requests are lines of its input, answers lines of its output. */
import { createInterface } from 'node:readline'
import type { Contestant } from '../contestants/contestant.js'
import { answering } from './answering.js'
import { ANSWER } from './lines.js'
import { processRuntime } from './runtime.js'

/** Answers until the input ends, and then ends the process, even if an engine still runs something. */
export async function serve(contestant: Contestant): Promise<void> {
  const answer = answering(contestant, { runtime: processRuntime(), rss })
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${ANSWER}${JSON.stringify(await answer(JSON.parse(line)))}\n`)
  }
  process.exit()
}

/** Deno reports it only with a permission that the package does not need. */
function rss(): number | undefined {
  try {
    return process.memoryUsage.rss()
  } catch {
    return undefined
  }
}

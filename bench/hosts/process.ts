/** Hosts a contestant in a process of Node, Bun or Deno: requests are lines of its input, answers lines of its output. */
import { createInterface } from 'node:readline'
import type { Contestant } from '../contestants/contestant.js'
import { answering } from './answering.js'
import { ANSWER } from './lines.js'

/** Answers until the input ends, and then ends the process, even if an engine still runs something. */
export async function serve(contestant: Contestant): Promise<void> {
  const answer = answering(contestant, { runtime: runtime(), rss })
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${ANSWER}${JSON.stringify(await answer(JSON.parse(line)))}\n`)
  }
  process.exit()
}

function runtime(): string {
  const { Bun, Deno } = globalThis as {
    Bun?: { version: string }
    Deno?: { version: { deno: string; v8: string } }
  }
  if (Bun) return `Bun ${Bun.version}`
  if (Deno) return `Deno ${Deno.version.deno} (V8 ${Deno.version.v8})`
  return `Node ${process.versions.node} (V8 ${process.versions.v8})`
}

/** Deno reports it only with a permission that the package does not need. */
function rss(): number | undefined {
  try {
    return process.memoryUsage.rss()
  } catch {
    return undefined
  }
}

/** The ends of run-once.ts in a process and on a page: do one task, and report what came of it. */
import { ANSWER } from './lines.js'

/** A task, and its result or the message of an error, as JSON. */
type Run = (task: never) => Promise<object>

async function answerTo(run: Run, task: string): Promise<string> {
  const result = await run(JSON.parse(task) as never).catch((error) => ({
    error: String(error?.stack ?? error),
  }))
  return JSON.stringify(result)
}

/** The task is the process's first argument, and the answer a line of its output. */
export async function answerByOutput(run: Run): Promise<void> {
  const answer = await answerTo(run, process.argv[2])
  process.stdout.write(`${ANSWER}${answer}\n`, () => process.exit())
}

/** The task is the part of the program's address behind its "?", and the answer is posted. */
export async function answerByPost(run: Run): Promise<void> {
  const { search } = new URL(import.meta.url)
  await fetch('/', { method: 'POST', body: await answerTo(run, decodeURIComponent(search.slice(1))) })
}

/** The process of one contestant: `host.ts MODULE`. Answers one request at a time and sleeps between them. */
import type { ContestantModule, Sequence } from './contestant.js'
import type { Answer, Replies, Request } from './protocol.js'

const { contestant }: ContestantModule = await import(process.argv[2])
let sequence: Sequence | undefined

function loaded(): Sequence {
  if (!sequence) throw new Error('no model has been loaded')
  return sequence
}

async function answer(request: Request): Promise<Replies[keyof Replies]> {
  switch (request.do) {
    case 'describe':
      return contestant.describe()
    case 'load': {
      const rssBefore = process.memoryUsage.rss()
      const since = performance.now()
      sequence = await contestant.load(request.path, request.options)
      return { loadMs: performance.now() - since, rssBefore, rssLoaded: process.memoryUsage.rss() }
    }
    case 'time': {
      const { kind, ids } = request
      await loaded().reset()
      const since = performance.now()
      await (kind === 'pp' ? loaded().prefill(ids) : loaded().decode(ids))
      return performance.now() - since
    }
    case 'memory':
      return { engineBytes: loaded().memoryBytes?.(), rss: process.memoryUsage.rss() }
  }
}

process.on('message', async (request: Request) => {
  let reply: Answer
  try {
    reply = { value: await answer(request) }
  } catch (error) {
    reply = { error: error instanceof Error ? error.message : String(error) }
  }
  process.send?.(reply)
})

import { commandGroup } from '../command-group.js'
import { cancel, remove } from './cancel.js'
import { result } from './result.js'
import { status } from './status.js'
import { submit } from './submit.js'
import { work } from './work.js'

export const batch = commandGroup({
  name: 'batch',
  summary: 'Answer files of requests with workers, over BullMQ on Redis',
  commands: [submit, work, status, result, cancel, remove],
  notes: `Needs Redis, and the packages bullmq and ioredis: npm install bullmq ioredis.

  dasllama batch submit requests.jsonl
  dasllama batch work model.gguf
  dasllama batch status
  dasllama batch result batch_… > results.jsonl
`,
})

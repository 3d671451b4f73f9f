/** Preloaded into the children: their peak of resident memory, in KiB, goes to the fourth descriptor. */
import { writeSync } from 'node:fs'

process.on('exit', () => {
  writeSync(3, String(process.resourceUsage().maxRSS))
})

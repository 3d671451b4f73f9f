/** Preloaded into the child processes: writes their peak resident memory, in KiB, to the fourth descriptor. */
import { writeSync } from 'node:fs'

process.on('exit', () => {
  writeSync(3, String(process.resourceUsage().maxRSS))
})

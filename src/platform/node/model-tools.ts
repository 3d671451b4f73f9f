import type { ModelTools } from '../terminal.js'
import { startEngineThread } from './engine-threads.js'
import { openFile } from './file-source.js'
import { createOutput } from './output-file.js'
import { programAt } from './places.js'
import { physicalCores } from './platform.js'

export const modelTools: ModelTools = {
  get physicalCores() {
    return physicalCores()
  },
  openFile,
  startThread: async (signal) =>
    startEngineThread(programAt('node-quantize-thread.js', 'keep its dist/ together'), signal),
  createOutput,
}

import { modelTools } from '../../src/platform/node/model-tools.js'
import { fileType } from '../../src/quantize/file-types.js'

export { modelTools }

/** Options of `convertModel` for tests. */
export const options = (type: string) => ({
  type: fileType(type),
  replace: false,
  threads: 1,
  startThread: modelTools.startThread,
  signal: undefined,
  onProgress: undefined,
})

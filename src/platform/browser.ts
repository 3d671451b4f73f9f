/** Web pages and their workers. */
import { DasllamaError, type ErrorCode } from '../errors.js'
import type { Platform } from './platform.js'

async function loadKernels(): Promise<WebAssembly.Module> {
  const url = new URL('../kernels.wasm', import.meta.url)
  const fail = (code: ErrorCode, what: string, cause?: unknown) =>
    new DasllamaError(code, `${url}: ${what}`, {
      hint: 'serve kernels.wasm from the folder of index.js, or pass dasllama/kernels.wasm as the option `kernels`',
      cause,
    })
  const response = await fetch(url).catch((cause) => {
    throw fail('IO', 'the kernels cannot be fetched', cause)
  })
  if (!response.ok) {
    throw fail(
      response.status === 404 ? 'NOT_FOUND' : 'IO',
      `fetching the kernels gives HTTP ${response.status}`,
    )
  }
  const type = response.headers.get('content-type')
  try {
    // Compiling while the bytes come is refused unless the server names exactly this type.
    if (type === 'application/wasm') return await WebAssembly.compileStreaming(response)
    return await WebAssembly.compile(await response.arrayBuffer())
  } catch (cause) {
    throw fail('BAD_FORMAT', `the server's answer (${type ?? 'of no named type'}) does not compile`, cause)
  }
}

export const platform: Platform = {
  name: 'browser',
  get baseUrl() {
    return globalThis.document?.baseURI ?? globalThis.location?.href
  },
  async openPath(path) {
    throw new DasllamaError('UNSUPPORTED', `${path}: a web page cannot open paths`, {
      hint: 'pass a URL, or the File that the user chose',
    })
  },
  loadKernels,
}

import { DasllamaError } from '../../errors.js'

/** Number of the import section, and the kind of an imported memory. */
const IMPORT_SECTION = 2
const MEMORY_IMPORT = 2
/** Flags of limits: there is a maximum; the memory is shared. */
const HAS_MAXIMUM = 1
const SHARED = 2

/**
 * A copy of a module that imports its memory as shared. The kernels are built for unshared memory, but their code works on
 * both; only the import's limits decide which one an instance accepts. Expects one import: the memory.
 * Source: WebAssembly Core Specification 5.5.5 (import section) and 5.3.9 (limits), threads proposal.
 * Throws `BAD_FORMAT` for anything else.
 */
export function importingSharedMemory(module: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(module)
  let at = 8
  const unsigned = (): number => {
    let value = 0
    for (let shift = 0; shift < 35 && at < bytes.length; shift += 7) {
      const byte = bytes[at++]
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
    throw new DasllamaError(
      'BAD_FORMAT',
      `the kernels are not a WebAssembly module: invalid number at byte ${at}`,
    )
  }
  while (at < bytes.length) {
    const section = bytes[at++]
    const length = unsigned()
    if (section !== IMPORT_SECTION) {
      at += length
      continue
    }
    const count = unsigned()
    for (let name = 0; name < 2; name++) {
      const characters = unsigned()
      at += characters
    }
    const kind = bytes[at++]
    if (count !== 1 || kind !== MEMORY_IMPORT || !(bytes[at] & HAS_MAXIMUM)) break
    bytes[at] |= SHARED
    return bytes
  }
  throw new DasllamaError('BAD_FORMAT', 'the kernels do not import one memory with a maximum', {
    hint: 'pass the bytes of dasllama/kernels.wasm or dasllama/kernels-relaxed.wasm',
  })
}

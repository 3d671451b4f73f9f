/**
 * Global types of runtimes that the package's declarations name. They are empty here, so that programs compile whose
 * TypeScript libraries lack them; where a library declares one, both are the same type.
 */
declare global {
  interface AbortSignal {}
  interface Blob {}
  // biome-ignore lint/suspicious/noExplicitAny: as in the libraries.
  interface ReadableStream<R = any> {}
  interface Request {}
  interface RequestInit {}
  interface Response {}
  interface URL {}

  namespace WebAssembly {
    interface Memory {}
    interface Module {}
  }
}

export {}

import { describeFailure } from './describe.js'
import { DasllamaError } from './errors.js'

/** A module of this package that is imported on first use, so that bundles and pages that never use it do not load it. */
export class LazyModule<T> {
  readonly #import: () => Promise<T>
  #loading: Promise<T> | undefined

  /** `load` calls `import()` with a literal, so that bundlers find the module. */
  constructor(load: () => Promise<T>) {
    this.#import = load
  }

  /** The module. Rejects with `IO` if it cannot be loaded; the next call tries again. */
  load(): Promise<T> {
    this.#loading ??= this.#import().catch((cause) => {
      this.#loading = undefined
      throw notLoaded(cause)
    })
    return this.#loading
  }

  /** Uses a module that has been imported already: some runtimes have no `import()`. */
  provide(module: T): void {
    this.#loading = Promise.resolve(module)
  }
}

function notLoaded(cause: unknown): DasllamaError {
  const isServiceWorker = 'ServiceWorkerGlobalScope' in globalThis
  return new DasllamaError('IO', `a file of dasllama cannot be loaded: ${describeFailure(cause)}`, {
    hint: isServiceWorker
      ? "service workers have no import(): import from 'dasllama/service-worker' instead"
      : 'serve all files of dist/ from one folder; of a bundle, all of its chunks',
    cause,
  })
}

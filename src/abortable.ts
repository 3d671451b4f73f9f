/**
 * What `work` resolves to, unless `signal` is aborted first: then it rejects at once with the signal's reason, whether or
 * not the work itself listens, and what the work still brings is handed to `discard`. Every await between a public call
 * and its end goes through here or through work that does.
 */
export function abortable<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
  discard: (late: T) => unknown = () => {},
): Promise<T> {
  if (!signal) return work
  return new Promise((resolve, reject) => {
    const abort = () => {
      reject(signal.reason)
      // Nobody is left to be told about what goes wrong from here on.
      work.then(discard).catch(() => {})
    }
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    const stopListening = () => signal.removeEventListener('abort', abort)
    work.then(
      (value) => {
        stopListening()
        resolve(value)
      },
      (reason) => {
        stopListening()
        reject(reason)
      },
    )
  })
}

/** A controller whose signal follows `signal`, aborted already or not, until `release` is called. */
export function following(signal: AbortSignal | undefined): AbortController & { release(): void } {
  const controller = new AbortController()
  const follow = () => controller.abort(signal?.reason)
  if (signal?.aborted) follow()
  signal?.addEventListener('abort', follow, { once: true })
  return Object.assign(controller, { release: () => signal?.removeEventListener('abort', follow) })
}

/** Settles after so many milliseconds, or rejects with the signal's reason. */
export async function delay(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const waited = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds)
  })
  try {
    await abortable(waited, signal)
  } finally {
    clearTimeout(timer)
  }
}

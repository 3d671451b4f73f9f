/**
 * Resolves as `work` does, unless `signal` is aborted first: then it rejects at once with the signal's reason, whether or
 * not the work itself listens, and a late result of the work is passed to `discard`. Every await in a public call goes
 * through this function or through work that does.
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
      // Later failures are dropped: the caller already has the rejection.
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

/** A controller that is aborted with `signal`, even if that is already aborted, until `release` is called. */
export function following(signal: AbortSignal | undefined): AbortController & { release(): void } {
  const controller = new AbortController()
  const follow = () => controller.abort(signal?.reason)
  if (signal?.aborted) follow()
  signal?.addEventListener('abort', follow, { once: true })
  return Object.assign(controller, { release: () => signal?.removeEventListener('abort', follow) })
}

/** Resolves after this many milliseconds, or rejects with the signal's reason. */
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

/**
 * Runs generators at the same time and yields their values as they come; each is one value ahead, so that they share passes
 * through a model. The first one is begun alone: the others find what it has read. What one throws ends all of them.
 */
export async function* together<T>(begin: readonly (() => AsyncGenerator<T>)[]): AsyncGenerator<T> {
  type Step = { readonly from: AsyncGenerator<T>; readonly result: IteratorResult<T> }
  const pending = new Map<AsyncGenerator<T>, Promise<Step>>()
  const advance = (from: AsyncGenerator<T>) => {
    const step = from.next().then((result) => ({ from, result }))
    // Reported by the race, unless another one has failed already.
    step.catch(() => {})
    pending.set(from, step)
  }
  const [first, ...others] = begin
  advance(first())
  let hasBegun = false
  try {
    while (pending.size > 0) {
      const { from, result } = await Promise.race(pending.values())
      if (result.done) pending.delete(from)
      else advance(from)
      if (!hasBegun) for (const other of others) advance(other())
      hasBegun = true
      if (!result.done) yield result.value
    }
  } finally {
    await Promise.allSettled(Array.from(pending.keys(), (from) => from.return(undefined)))
  }
}

/**
 * Runs a generator up to its first value, so that what fails before can still be a response with a status of its own; the
 * first value is delivered again. Rejects with what the generator throws.
 */
export async function peeked<T>(events: AsyncGenerator<T>): Promise<AsyncIterator<T>> {
  let first: IteratorResult<T> | undefined = await events.next()
  return {
    next: () => {
      const result = first
      first = undefined
      return result ? Promise.resolve(result) : events.next()
    },
    return: () => events.return(undefined),
  }
}

/**
 * Runs `work` for each item, up to `limit` at a time, started in order. After a failure no further item is started; once
 * the running ones have finished, it rejects with the first failure.
 */
export async function inParallel<T>(
  items: Iterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items[Symbol.iterator]()
  const failures: unknown[] = []
  const takeTurns = async () => {
    for (let next = rest.next(); !next.done && failures.length === 0; next = rest.next()) {
      await work(next.value).catch((reason) => failures.push(reason))
    }
  }
  await Promise.all(Array.from({ length: limit }, takeTurns))
  if (failures.length > 0) throw failures[0]
}

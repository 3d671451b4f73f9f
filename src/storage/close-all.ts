/** Closes all of them even if some fail, and rejects with the first failure. */
export async function closeAll(sources: Iterable<{ close(): Promise<void> }>): Promise<void> {
  const outcomes = await Promise.allSettled(Array.from(sources, async (source) => source.close()))
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
}

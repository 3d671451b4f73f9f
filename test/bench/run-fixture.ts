/** Doubles a number where it runs, and fails for none. */
export async function run({
  number,
}: {
  readonly number?: number
}): Promise<{ double: number; isPage: boolean }> {
  if (number === undefined) throw new Error('no number')
  return { double: 2 * number, isPage: 'document' in globalThis }
}

import { readFile, writeFile } from 'node:fs/promises'

const README = new URL('../README.md', import.meta.url)

/** The README's sections for figures, each between a pair of markers. */
export type FigurePlace = 'bench' | 'sampling' | 'families'

/** `text` with `tables` between the markers of `place`. Throws when it does not have the markers, in order. */
export function putBetweenMarkers(text: string, place: FigurePlace, tables: string): string {
  const first = `<!-- ${place}:begin -->`
  const last = `<!-- ${place}:end -->`
  const begin = text.indexOf(first)
  const end = text.indexOf(last, begin)
  if (begin < 0 || end < 0) throw new Error(`the README has no ${first} followed by ${last}`)
  return `${text.slice(0, begin + first.length)}\n\n${tables}\n\n${text.slice(end)}`
}

export async function writeReadme(place: FigurePlace, tables: string): Promise<void> {
  await writeFile(README, putBetweenMarkers(await readFile(README, 'utf8'), place, tables))
}

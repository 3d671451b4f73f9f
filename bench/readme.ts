import { readFile, writeFile } from 'node:fs/promises'

const README = new URL('../README.md', import.meta.url)
const BEGIN = '<!-- bench:begin -->'
const END = '<!-- bench:end -->'

/** `text` with `tables` between the markers. Throws when it does not have the markers, in order. */
export function putBetweenMarkers(text: string, tables: string): string {
  const begin = text.indexOf(BEGIN)
  const end = text.indexOf(END, begin)
  if (begin < 0 || end < 0) throw new Error(`the README has no ${BEGIN} followed by ${END}`)
  return `${text.slice(0, begin + BEGIN.length)}\n\n${tables}\n\n${text.slice(end)}`
}

export async function writeReadme(tables: string): Promise<void> {
  await writeFile(README, putBetweenMarkers(await readFile(README, 'utf8'), tables))
}

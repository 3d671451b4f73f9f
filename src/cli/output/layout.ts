/** Fewer columns than this for the words of a summary are not worth the bother of keeping them aside. */
const LEAST = 24
/** A first column no wider than this lets summaries begin beside what they are about. */
const WIDEST = 28

/** Text broken between words, so that no line is longer than `width` where its words allow it. */
export function wrapped(text: string, width: number): string[] {
  if (text.length <= width) return [text]
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  lines.push(line)
  return lines
}

/** Paragraphs of `width`; lines that are indented, such as examples, stay as they are. */
export function paragraphs(text: string, width: number | undefined): string {
  if (width === undefined) return text
  return text
    .split('\n')
    .flatMap((line) => (line.startsWith(' ') ? [line] : wrapped(line, width)))
    .join('\n')
}

/**
 * Names with what there is to say of each, side by side and indented: as one block per row, each ending in a line break.
 * Without a `width` every row is one line. `margin` stands before each line.
 */
export function definitions(
  rows: readonly (readonly [name: string, summary: string])[],
  width: number | undefined,
  margin = '  ',
): string[] {
  const longest = Math.max(0, ...rows.map(([name]) => name.length))
  if (width === undefined) {
    return rows.map(([name, summary]) => `${`${margin}${name.padEnd(longest)}  ${summary}`.trimEnd()}\n`)
  }
  const gaps = margin.length + 2
  const column = Math.min(longest, WIDEST, Math.max(4, width - LEAST - gaps))
  const indent = ' '.repeat(column + gaps)
  return rows.map(([name, summary]) => {
    const lines = wrapped(summary, Math.max(LEAST, width - indent.length))
    const first =
      name.length <= column
        ? [`${margin}${name.padEnd(column)}  ${lines.shift()}`.trimEnd()]
        : [`${margin}${name}`]
    return `${[...first, ...lines.map((line) => indent + line)].join('\n')}\n`
  })
}

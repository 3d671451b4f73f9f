/** With fewer columns than this for the summaries, they go below the names. */
const LEAST = 24
/** Maximum width of the first column for summaries beside the names. */
const WIDEST = 28

/** Wraps text between words at `width`. */
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

/** Wraps paragraphs at `width`; indented lines, such as examples, are kept. */
export function paragraphs(text: string, width: number | undefined): string {
  if (width === undefined) return text
  return text
    .split('\n')
    .flatMap((line) => (line.startsWith(' ') ? [line] : wrapped(line, width)))
    .join('\n')
}

/**
 * Names and their summaries in two indented columns: one block per row, each ending in a line break. Without a `width`,
 * every row is one line. `margin` precedes each line.
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

/** A row of a screen; one that continues the row above belongs to the same line. */
interface Row {
  cells: string[]
  readonly continues: boolean
}

/** A terminal's screen: enough escape sequences for a line editor, and lines that are wrapped again when it is resized. */
export class Screen {
  #width: number
  #rows: Row[] = [{ cells: [], continues: false }]
  #row = 0
  #column = 0

  constructor(width = 80) {
    this.#width = width
  }

  get width(): number {
    return this.#width
  }

  /** The visible rows. */
  get text(): string {
    return this.#rows.map(({ cells }) => cells.join('').trimEnd()).join('\n')
  }

  write(text: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences
    for (const [token] of text.matchAll(/\x1b\[([?\d;]*)([A-Za-z])|[\s\S]/gu)) {
      if (token.startsWith('\x1b[')) this.#obey(token.at(-1)!, token.slice(2, -1))
      else if (token === '\n') this.#lineFeed()
      else if (token === '\r') this.#column = 0
      else if (token === '\x1b') throw new Error(`unknown escape sequence: ${JSON.stringify(text)}`)
      else this.#put(token)
    }
  }

  /** Wraps all lines to another width, as terminals do; the cursor stays with its text. */
  resize(width: number): void {
    const lines: string[][] = []
    let cursor = { line: 0, at: 0 }
    for (const [index, { cells, continues }] of this.#rows.entries()) {
      if (!continues) lines.push([])
      const line = lines[lines.length - 1]
      if (index === this.#row) cursor = { line: lines.length - 1, at: line.length + this.#column }
      // Only the last row of a line may be short.
      const isBroken = this.#rows[index + 1]?.continues === true
      line.push(...cells, ...(isBroken ? Array(this.#width - cells.length).fill(' ') : []))
    }
    this.#width = width
    this.#rows = []
    for (const [index, line] of lines.entries()) {
      const first = this.#rows.length
      const rows = Math.max(1, Math.ceil(line.length / width))
      for (let row = 0; row < rows; row++) {
        this.#rows.push({ cells: line.slice(row * width, (row + 1) * width), continues: row > 0 })
      }
      if (index !== cursor.line) continue
      const row = Math.min(Math.floor(cursor.at / width), rows - 1)
      this.#row = first + row
      this.#column = cursor.at - row * width
    }
  }

  #put(character: string): void {
    if (this.#column >= this.#width) {
      this.#row++
      this.#column = 0
      this.#rows[this.#row] ??= { cells: [], continues: true }
    }
    const { cells } = this.#rows[this.#row]
    while (cells.length < this.#column) cells.push(' ')
    cells[this.#column++] = character
  }

  /** Adds the carriage return, as a terminal's driver does. */
  #lineFeed(): void {
    this.#row++
    this.#column = 0
    this.#rows[this.#row] ??= { cells: [], continues: false }
  }

  #obey(command: string, parameters: string): void {
    if (parameters.startsWith('?') || command === 'm') return
    const count = parameters === '' ? 1 : Number(parameters)
    if (command === 'A') this.#row = Math.max(0, this.#row - count)
    else if (command === 'B') this.#row = Math.min(this.#rows.length - 1, this.#row + count)
    else if (command === 'C') this.#column = Math.min(this.#width - 1, this.#column + count)
    else if (command === 'D') this.#column = Math.max(0, this.#column - count)
    else if (command === 'G') this.#column = count - 1
    else if (command === 'K') {
      this.#rows[this.#row].cells.length =
        parameters === '2' ? 0 : Math.min(this.#rows[this.#row].cells.length, this.#column)
    } else if (command === 'J') {
      const { cells } = this.#rows[this.#row]
      cells.length = Math.min(cells.length, this.#column)
      this.#rows.length = this.#row + 1
    } else throw new Error(`unknown escape sequence: CSI ${parameters}${command}`)
  }
}

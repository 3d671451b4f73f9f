import type { Output, Terminal } from '../../platform/terminal.js'
import { byteSize } from './table.js'

const WIDTH = 30
/** How often the bar is drawn, and how long a load may take before it appears at all, in ms. */
const INTERVAL = 100
const ERASE_LINE = '\r\x1b[2K'

/** A bar on a terminal's stderr while a model loads; nothing anywhere else. */
export class ProgressBar {
  readonly #output: Output
  #drawnAt = performance.now()
  #visible = false

  constructor({ stderr }: Terminal) {
    this.#output = stderr
  }

  readonly update = ({ loaded, total }: { loaded: number; total: number }): void => {
    const now = performance.now()
    if (!this.#output.isTerminal || now - this.#drawnAt < INTERVAL) return
    this.#drawnAt = now
    this.#visible = true
    const part = total > 0 ? Math.min(loaded / total, 1) : 0
    const bar = '█'.repeat(Math.round(part * WIDTH)).padEnd(WIDTH, '░')
    void this.#output.write(`${ERASE_LINE}loading ${bar} ${Math.floor(part * 100)} % of ${byteSize(total)}`)
  }

  erase(): void {
    if (this.#visible) void this.#output.write(ERASE_LINE)
    this.#visible = false
  }
}

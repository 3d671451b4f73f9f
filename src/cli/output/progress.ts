import { byteSize } from '../../describe.js'
import type { Output, Terminal } from '../../platform/terminal.js'

const WIDTH = 30
/** Interval between redraws of the bar, and delay before it first appears, in ms. */
const INTERVAL = 100
/** The rate is averaged over the last few seconds, so that it follows changes. */
const WINDOW = 5000
const ERASE_LINE = '\r\x1b[2K'

export interface Progress {
  readonly loaded: number
  readonly total: number
}

/** A progress bar on stderr while a model loads or is written, with rate and remaining time; only on a terminal. */
export class ProgressBar {
  readonly #output: Output
  readonly #isDrawn: boolean
  readonly #verb: string
  #drawnAt = performance.now()
  #visible = false
  /** Progress samples of the last seconds, oldest first. */
  #marks: { readonly at: number; readonly loaded: number }[] = [{ at: performance.now(), loaded: 0 }]

  /** `verb`: what takes time. */
  constructor(
    { stderr }: Pick<Terminal, 'stderr'>,
    { isQuiet = false, verb = 'loading' }: { isQuiet?: boolean; verb?: string } = {},
  ) {
    this.#verb = verb
    this.#output = stderr
    this.#isDrawn = stderr.isTerminal && !isQuiet
  }

  readonly update = (progress: Progress): void => {
    const now = performance.now()
    if (!this.#isDrawn || now - this.#drawnAt < INTERVAL) return
    this.#drawnAt = now
    this.#visible = true
    const rate = this.#rate(progress.loaded, now)
    void this.#output.write(ERASE_LINE + progressLine(progress, rate, this.#output.columns ?? 80, this.#verb))
  }

  erase(): void {
    if (this.#visible) void this.#output.write(ERASE_LINE)
    this.#visible = false
  }

  /** Bytes per second. */
  #rate(loaded: number, now: number): number {
    this.#marks.push({ at: now, loaded })
    while (this.#marks.length > 2 && now - this.#marks[1].at > WINDOW) this.#marks.shift()
    const [first] = this.#marks
    return now > first.at ? ((loaded - first.loaded) * 1000) / (now - first.at) : 0
  }
}

/** The bar, fitted to a line of `columns`: a wrapped line could not be erased. */
export function progressLine(
  { loaded, total }: Progress,
  rate: number,
  columns: number,
  verb = 'loading',
): string {
  const part = total > 0 ? Math.min(loaded / total, 1) : 0
  const percent = `${Math.floor(part * 100)} %`
  const left = rate > 0 && part < 1 ? `, ${duration((total - loaded) / rate)} left` : ''
  const rateText = rate > 0 ? `, ${byteSize(rate)}/s` : ''
  const said = ` ${percent} of ${byteSize(total)}${rateText}${left}`
  const room = Math.min(WIDTH, columns - verb.length - said.length - 2)
  if (room >= 5) {
    return `${verb} ${'█'.repeat(Math.round(part * room)).padEnd(room, '░')}${said}`
  }
  return `${verb}${said}`.length < columns ? `${verb}${said}` : `${verb} ${percent}`.slice(0, columns - 1)
}

/** Human-readable seconds: `42 s`, `3 min 5 s`, `2 h 10 min`. */
function duration(seconds: number): string {
  const whole = Math.ceil(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}

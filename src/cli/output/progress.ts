import { byteSize } from '../../describe.js'
import type { Output, Terminal } from '../../platform/terminal.js'
import { RateMeter } from '../../rate-meter.js'

const WIDTH = 30
/** Interval between redraws of the bar, and delay before it first appears, in ms. */
const INTERVAL = 100
const ERASE_LINE = '\r\x1b[2K'

export interface Progress {
  readonly loaded: number
  /** `undefined` if it is not known. */
  readonly total: number | undefined
  /** Default: measured. */
  readonly bytesPerSecond?: number | undefined
  /** Whether the bytes come from a server that a name or an address leads to. */
  readonly from?: 'network' | 'store' | 'local' | undefined
}

/** A progress bar on stderr while a model is downloaded, loaded or written, with rate and remaining time; only on a terminal. */
export class ProgressBar {
  readonly #output: Output
  readonly #isDrawn: boolean
  readonly #verb: string
  #drawnAt = performance.now()
  #visible = false
  readonly #rate = new RateMeter()

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
    const rate = progress.bytesPerSecond ?? this.#rate.update(progress.loaded, now)
    const verb = progress.from === 'network' ? 'downloading' : this.#verb
    void this.#output.write(ERASE_LINE + progressLine(progress, rate, this.#output.columns ?? 80, verb))
  }

  erase(): void {
    if (this.#visible) void this.#output.write(ERASE_LINE)
    this.#visible = false
  }
}

/** The bar, fitted to a line of `columns`: a wrapped line could not be erased. */
export function progressLine(
  { loaded, total }: Progress,
  rate: number,
  columns: number,
  verb = 'loading',
): string {
  const rateText = rate > 0 ? `, ${byteSize(rate)}/s` : ''
  if (total === undefined) return `${verb} ${byteSize(loaded)}${rateText}`.slice(0, columns - 1)
  const part = total > 0 ? Math.min(loaded / total, 1) : 0
  const percent = `${Math.floor(part * 100)} %`
  const left = rate > 0 && part < 1 ? `, ${duration((total - loaded) / rate)} left` : ''
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

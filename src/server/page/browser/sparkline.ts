const SVG = 'http://www.w3.org/2000/svg'
const WIDTH = 240
const HEIGHT = 48

/** The last values of a figure, one per second, as a line. */
export class Sparkline {
  readonly element = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: 'sparkline', role: 'img' })
  readonly #line = svg('polyline', {})
  readonly #area = svg('polygon', {})
  readonly #label: string
  readonly #length: number
  #values: number[] = []

  /** `label`: what the values are. `length`: how many are shown. */
  constructor(label: string, length = 60) {
    this.#label = label
    this.#length = length
    this.element.setAttribute('preserveAspectRatio', 'none')
    this.element.append(this.#area, this.#line)
    this.#draw()
  }

  add(value: number): void {
    this.#values = [...this.#values, value].slice(-this.#length)
    this.#draw()
  }

  #draw(): void {
    const most = Math.max(1, ...this.#values)
    const step = WIDTH / (this.#length - 1)
    const from = WIDTH - step * (this.#values.length - 1)
    const y = (value: number) => HEIGHT - 2 - (value / most) * (HEIGHT - 4)
    const points = this.#values.map((value, i) => `${(from + i * step).toFixed(1)},${y(value).toFixed(1)}`)
    this.#line.setAttribute('points', points.join(' '))
    this.#area.setAttribute(
      'points',
      points.length > 1 ? [`${from.toFixed(1)},${HEIGHT}`, ...points, `${WIDTH},${HEIGHT}`].join(' ') : '',
    )
    const peak = Math.round(Math.max(0, ...this.#values))
    this.element.setAttribute('aria-label', `${this.#label}, the last minute: at most ${peak}`)
  }
}

function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>>,
): SVGElementTagNameMap[K] {
  const made = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  return made
}

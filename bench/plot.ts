/** Charts as SVG, readable on light and on dark pages. All lengths are pixels of the chart. */

/** Colours of series, in order: distinguishable on white and on black, and with red-green colour blindness. */
const COLOURS = ['#3b82d9', '#e07b28', '#2a9d78', '#9a62d0', '#c9517f', '#7d8590']
const FONT = 'font: 13px system-ui, sans-serif'
const STYLE = `text { ${FONT}; fill: #1f2328 } .soft { fill: #59636e } .grid { stroke: #8b949e; stroke-opacity: .35 }
.axis { stroke: #59636e } .title { font-size: 15px; font-weight: 600 }
svg { color-scheme: light dark } .value { stroke: Canvas; stroke-width: 4; paint-order: stroke }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .soft { fill: #9198a1 } .axis { stroke: #9198a1 } }`

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
const round = (value: number) => Math.round(value * 10) / 10

interface TextStyle {
  readonly anchor?: 'start' | 'middle' | 'end'
  readonly className?: string
  readonly fill?: string
}

function textAt(x: number, y: number, text: string, style: TextStyle = {}): string {
  const { anchor = 'start', className, fill } = style
  const kind = (className ? ` class="${className}"` : '') + (fill ? ` style="fill: ${fill}"` : '')
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}"${kind}>${escaped(text)}</text>`
}

function line(x1: number, y1: number, x2: number, y2: number, className: string): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" class="${className}"/>`
}

function drawing(width: number, height: number, title: string, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}</style>`,
    ...parts,
    '</svg>\n',
  ].join('\n')
}

/** A row of names with their colours, from `x` on. */
function legend(x: number, y: number, names: readonly string[]): string[] {
  let at = x
  return names.flatMap((name, i) => {
    const mark = `<rect x="${round(at)}" y="${y - 10}" width="12" height="12" rx="2" fill="${colour(i)}"/>`
    const text = textAt(at + 18, y, name)
    at += 42 + widthOf(name)
    return [mark, text]
  })
}

/** The end of a legend that begins at `x`. */
function legendEnd(x: number, names: readonly string[]): number {
  return names.reduce((end, name) => end + 42 + widthOf(name), x)
}

/** The approximate width of a text. */
function widthOf(text: string): number {
  return text.length * 7
}

function colour(index: number): string {
  return COLOURS[index % COLOURS.length]
}

/** Height of a line of text. */
const LINE = 15

/** Positions of labels as close to `wanted` as possible: in the same order from above, without overlaps, none below `lowest`. */
export function apart(wanted: readonly number[], lowest: number): number[] {
  const order = Array.from(wanted.keys()).sort((a, b) => wanted[a] - wanted[b])
  const places = [...wanted]
  let above = Number.NEGATIVE_INFINITY
  for (const i of order) {
    places[i] = Math.max(wanted[i], above + LINE)
    above = places[i]
  }
  let below = lowest + LINE
  for (const i of order.reverse()) {
    places[i] = Math.min(places[i], below - LINE)
    below = places[i]
  }
  return places
}

/** From 0 to beyond `highest` in four to eight steps of 1, 2 or 5 by a power of ten. */
export function ticks(highest: number): number[] {
  if (!(highest > 0)) return [0, 1]
  const power = 10 ** Math.floor(Math.log10(highest / 4))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((step) => highest / step <= 8) as number
  const count = Math.ceil(highest / step)
  return Array.from({ length: count + 1 }, (_, i) => Number((i * step).toPrecision(12)))
}

/** Three figures, and all before the point. */
function short(value: number): string {
  if (value >= 100) return value.toFixed(0)
  return value.toFixed(value >= 10 ? 1 : 2)
}

export interface Point {
  readonly x: number
  readonly y: number
  /** From the lowest to the highest of the samples. */
  readonly spread?: readonly [low: number, high: number]
}

export interface LinePlot {
  readonly title: string
  readonly xLabel: string
  readonly yLabel: string
  readonly series: readonly { readonly name: string; readonly points: readonly Point[] }[]
}

/** A line chart; each point has its value next to it and its spread as a bar. Throws without points. */
export function linePlot({ title, xLabel, yLabel, series }: LinePlot): string {
  const points = series.flatMap(({ points }) => points)
  if (points.length === 0) throw new RangeError('nothing to draw')
  const [height, left, right, top, bottom] = [420, 64, 56, 76, 56]
  const names = series.map(({ name }) => name)
  const width = Math.max(720, legendEnd(left, names))
  const xs = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b)
  const steps = ticks(Math.max(...points.map(({ y, spread }) => spread?.[1] ?? y)))
  const xMax = Math.max(...xs, 1)
  const xAt = (x: number) => left + (x / xMax) * (width - left - right)
  const yAt = (y: number) => height - bottom - (y / (steps.at(-1) as number)) * (height - top - bottom)
  const base = yAt(0)
  /** The values at `x`, each next to its point, the uppermost above it. */
  const valuesAt = (x: number): string[] => {
    const here = series.flatMap(({ points }, i) =>
      points.filter((point) => point.x === x).map((point) => ({ ...point, fill: colour(i) })),
    )
    const top = Math.max(...here.map(({ y }) => y))
    const wanted = here.map(({ y, spread }) => (y === top ? yAt(spread?.[1] ?? y) - 8 : yAt(y) + 4))
    const places = apart(wanted, base - 4)
    return here.map(({ y, fill }, i) => textAt(xAt(x) + 8, places[i], short(y), { className: 'value', fill }))
  }
  return drawing(width, height, title, [
    textAt(left, 26, title, { className: 'title' }),
    ...legend(left, 52, names),
    ...steps.flatMap((y) => [
      line(left, yAt(y), width - right, yAt(y), y === 0 ? 'axis' : 'grid'),
      textAt(left - 8, yAt(y) + 4, String(y), { anchor: 'end', className: 'soft' }),
    ]),
    ...xs.flatMap((x) => [
      line(xAt(x), base, xAt(x), base + 5, 'axis'),
      textAt(xAt(x), base + 20, x.toLocaleString('en'), { anchor: 'middle', className: 'soft' }),
    ]),
    textAt((left + width - right) / 2, height - 12, xLabel, { anchor: 'middle' }),
    `<text transform="translate(16 ${round((top + height - bottom) / 2)}) rotate(-90)" text-anchor="middle">${escaped(yLabel)}</text>`,
    ...series.flatMap(({ points }, i) => [
      `<polyline fill="none" stroke="${colour(i)}" stroke-width="2.5" points="${points
        .map(({ x, y }) => `${round(xAt(x))},${round(yAt(y))}`)
        .join(' ')}"/>`,
      ...points.flatMap((point) => {
        const [low, high] = point.spread ?? [point.y, point.y]
        const [x, y] = [round(xAt(point.x)), round(yAt(point.y))]
        return [
          `<line x1="${x}" y1="${round(yAt(low))}" x2="${x}" y2="${round(yAt(high))}" stroke="${colour(i)}" stroke-opacity=".5" stroke-width="6"/>`,
          `<circle cx="${x}" cy="${y}" r="4" fill="${colour(i)}"/>`,
        ]
      }),
    ]),
    ...xs.flatMap(valuesAt),
  ])
}

export interface RatioPlot {
  readonly title: string
  /** Captions for the left and right of 1. */
  readonly less: string
  readonly more: string
  readonly series: readonly string[]
  /** A ratio for each series, or undefined if there is none. */
  readonly groups: readonly {
    readonly label: string
    readonly ratios: readonly (number | undefined)[]
  }[]
}

/** Bars from 1 to the left or to the right, on a logarithmic scale to base 2. Throws without ratios. */
export function ratioPlot({ title, less, more, series, groups }: RatioPlot): string {
  const ratios = groups.flatMap(({ ratios }) => ratios.filter((ratio) => ratio !== undefined))
  if (ratios.length === 0) throw new RangeError('nothing to draw')
  const logs = ratios.map((ratio) => Math.log2(ratio))
  // With space for the number beside the shortest bar to the left.
  const low = Math.min(-1, Math.floor(Math.min(...logs) - 0.4))
  const high = Math.max(1, Math.ceil(Math.max(...logs)))
  const bar = 14
  const gap = 12
  // Nothing is left of the labels, and some fonts are wide.
  const left = 24 + 1.2 * Math.max(...groups.map(({ label }) => widthOf(label)))
  const [width, top, right] = [Math.max(760, legendEnd(16, series)), 96, 64]
  /** A row for each existing ratio. */
  const rows = groups.map((group) => group.ratios.flatMap((ratio, i) => (ratio ? [{ ratio, i }] : [])))
  const bottom = top + rows.reduce((sum, row) => sum + row.length * bar + gap, 0)
  const height = bottom + 36
  const xAt = (log: number) => left + ((log - low) / (high - low)) * (width - left - right)
  const parts = [
    textAt(16, 26, title, { className: 'title' }),
    ...legend(16, 52, series),
    textAt(xAt(0) - 10, 82, `← ${less}`, { anchor: 'end', className: 'soft' }),
    textAt(xAt(0) + 10, 82, `${more} →`, { className: 'soft' }),
  ]
  for (let log = low; log <= high; log++) {
    parts.push(line(xAt(log), top - 6, xAt(log), bottom, log === 0 ? 'axis' : 'grid'))
    const label = log < 0 ? `1/${2 ** -log}` : String(2 ** log)
    parts.push(textAt(xAt(log), bottom + 18, label, { anchor: 'middle', className: 'soft' }))
  }
  let y = top
  for (const [g, row] of rows.entries()) {
    parts.push(textAt(left - 10, y + (row.length * bar) / 2 + 4, groups[g].label, { anchor: 'end' }))
    for (const { ratio, i } of row) {
      const [from, to] = [xAt(0), xAt(Math.log2(ratio))]
      parts.push(
        `<rect x="${round(Math.min(from, to))}" y="${y + 1}" width="${round(Math.abs(to - from))}" height="${bar - 2}" rx="2" fill="${colour(i)}"/>`,
        textAt(ratio < 1 ? to - 5 : to + 5, y + bar - 3, short(ratio), {
          anchor: ratio < 1 ? 'end' : 'start',
        }),
      )
      y += bar
    }
    y += gap
  }
  return drawing(width, height, title, parts)
}

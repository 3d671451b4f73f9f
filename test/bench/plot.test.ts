import { describe, expect, it } from 'vitest'
import { apart, linePlot, ratioPlot, ticks } from '../../bench/plot.js'

/** Whether every tag is closed by its like, in order. */
function isWellFormed(svg: string): boolean {
  const open: string[] = []
  for (const [, closing, name, rest] of svg.matchAll(/<(\/?)([a-z]+)([^>]*)>/gi)) {
    if (closing) {
      if (open.pop() !== name) return false
    } else if (!rest.endsWith('/')) open.push(name)
  }
  return open.length === 0
}

describe('ticks', () => {
  it.each([
    { highest: 100, steps: [0, 20, 40, 60, 80, 100] },
    { highest: 101, steps: [0, 20, 40, 60, 80, 100, 120] },
    { highest: 0.7, steps: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7] },
    { highest: 4500, steps: [0, 1000, 2000, 3000, 4000, 5000] },
    { highest: 0, steps: [0, 1] },
  ])('go beyond $highest', ({ highest, steps }) => {
    expect(ticks(highest)).toEqual(steps)
  })
})

describe('apart', () => {
  it.each([
    { wanted: [], places: [] },
    { wanted: [10, 100], places: [10, 100] },
    { wanted: [50, 48, 52], places: [63, 48, 78] },
    { wanted: [195, 200, 100], places: [185, 200, 100] },
    { wanted: [250, 250], places: [185, 200] },
  ])('puts $wanted to $places', ({ wanted, places }) => {
    expect(apart(wanted, 200)).toEqual(places)
  })
})

describe('linePlot', () => {
  const plot = {
    title: 'a < b & c',
    xLabel: 'depth',
    yLabel: 'rate',
    series: [
      {
        name: 'first',
        points: [
          { x: 0, y: 100, spread: [90, 110] as const },
          { x: 4096, y: 50 },
        ],
      },
      { name: 'second', points: [{ x: 0, y: 12.34 }] },
    ],
  }

  it('draws a line and a point with its value for each, with names and axes', () => {
    const svg = linePlot(plot)
    expect(isWellFormed(svg)).toBe(true)
    expect(svg.match(/<polyline/g)).toHaveLength(2)
    expect(svg.match(/<circle/g)).toHaveLength(3)
    for (const text of [
      'a &lt; b &amp; c',
      'depth',
      'rate',
      'first',
      'second',
      '4,096',
      '12.3',
      '50.0',
      '>120<',
    ]) {
      expect(svg).toContain(text)
    }
    expect(svg).not.toContain('NaN')
    expect(svg).toContain('prefers-color-scheme: dark')
  })

  it('puts zero on the axis and the highest tick on top', () => {
    const points = [
      { x: 0, y: 0 },
      { x: 1, y: 100 },
    ]
    const svg = linePlot({ ...plot, series: [{ name: 'one', points }] })
    expect(svg).toContain('points="64,364 664,76"')
  })

  it('refuses to draw nothing', () => {
    expect(() => linePlot({ ...plot, series: [{ name: 'x', points: [] }] })).toThrow(RangeError)
  })
})

describe('ratioPlot', () => {
  const plot = { title: 't', less: 'slower', more: 'faster', series: ['a ÷ b', 'a ÷ c'] }

  it('draws a bar for each ratio that there is, to the left below 1', () => {
    const groups = [
      { label: 'x', ratios: [0.5, 2] },
      { label: 'y', ratios: [undefined, 4] },
    ]
    const svg = ratioPlot({ ...plot, groups })
    expect(isWellFormed(svg)).toBe(true)
    const bars = Array.from(
      svg.matchAll(/<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)" height="12" rx="2" fill="(#\w+)"/g),
    )
      .slice(2) // the legend's
      .map(([, x, width, fill]) => ({ x: Number(x), width: Number(width), fill }))
    const [half, two, four] = bars
    expect(bars).toHaveLength(3)
    expect(half.x + half.width).toBeCloseTo(two.x, 0)
    expect(half.width).toBeCloseTo(two.width, 0)
    expect(four.width).toBeCloseTo(2 * two.width, 0)
    expect(four.fill).toBe(two.fill)
    expect(half.fill).not.toBe(two.fill)
    for (const text of ['0.50', '2.00', '4.00', '1/2', 'slower', 'faster']) expect(svg).toContain(text)
    expect(svg).not.toContain('NaN')
  })

  it('refuses to draw nothing', () => {
    expect(() => ratioPlot({ ...plot, groups: [{ label: 'x', ratios: [undefined] }] })).toThrow(RangeError)
  })
})

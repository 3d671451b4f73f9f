import type { Histogram } from '../service/metrics.js'

type Labels = Readonly<Record<string, string | number>>
/** A value, and what it is of. */
export type Sample = readonly [labels: Labels, value: number]

/** Metrics in Prometheus' text format, version 0.0.4. */
export class PrometheusText {
  #text = ''

  counter(name: string, help: string, samples: readonly Sample[]): void {
    this.#family(name, 'counter', help)
    for (const [labels, value] of samples) this.#sample(name, labels, value)
  }

  gauge(name: string, help: string, samples: readonly Sample[]): void {
    this.#family(name, 'gauge', help)
    for (const [labels, value] of samples) this.#sample(name, labels, value)
  }

  histogram(name: string, help: string, { buckets, count, sum }: Histogram): void {
    this.#family(name, 'histogram', help)
    for (const { limit, count } of buckets) this.#sample(`${name}_bucket`, { le: limit }, count)
    this.#sample(`${name}_bucket`, { le: '+Inf' }, count)
    this.#sample(`${name}_sum`, {}, sum)
    this.#sample(`${name}_count`, {}, count)
  }

  toString(): string {
    return this.#text
  }

  #family(name: string, type: string, help: string): void {
    this.#text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`
  }

  #sample(name: string, labels: Labels, value: number): void {
    const pairs = Object.entries(labels).map(([label, of]) => `${label}="${escaped(String(of))}"`)
    this.#text += `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}\n`
  }
}

/** A label's value: names of models may have any characters. */
function escaped(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')
}

import { renderGoals } from './goals.js'
import { renderDistances, renderLimits } from './limits/table.js'
import { type BenchRecord, comparesRivals } from './record.js'
import { conditions, contestants, memory, settings, sizes, skipped, speed } from './tables.js'

/** The whole record as Markdown. */
export function renderRecord(record: BenchRecord): string {
  return joined(
    conditions(record),
    settings(record),
    speed(record),
    renderGoals(record),
    renderLimits(record.limits ?? []),
    renderDistances(record),
    memory(record),
    sizes(record),
    contestants(record),
    skipped(record),
  )
}

/** The speed of one model's tests and its contestants. */
export function renderTests(record: BenchRecord): string {
  return joined(conditions(record), settings(record), speed(record), contestants(record), skipped(record))
}

/**
 * A shorter report for other pages: speed, or the goals if the record has them, sizes and contestants.
 * `drawings`: paths of the record's charts, from the page.
 */
export function renderSummary(record: BenchRecord, drawings: readonly string[] = []): string {
  return joined(
    conditions(record),
    settings(record),
    comparesRivals(record) ? renderGoals(record) : speed(record),
    ...drawings.map((path) => `![The ratios of speed as bars](${path})`),
    sizes(record),
    contestants(record),
    skipped(record),
  )
}

function joined(...sections: readonly string[]): string {
  return sections.filter((section) => section !== '').join('\n\n')
}

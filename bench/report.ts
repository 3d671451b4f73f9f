import { renderGoals } from './goals.js'
import { renderDistances, renderLimits } from './limits/table.js'
import type { BenchRecord } from './record.js'
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

/** The speed of one model's tests and who took part. */
export function renderTests(record: BenchRecord): string {
  return joined(conditions(record), settings(record), speed(record), contestants(record), skipped(record))
}

/** What fits a page about something else: speed, beside the goals where the record has them, sizes and who took part. */
export function renderSummary(record: BenchRecord): string {
  return joined(
    conditions(record),
    settings(record),
    record.command.includes('--rivals') ? renderGoals(record) : speed(record),
    sizes(record),
    contestants(record),
    skipped(record),
  )
}

function joined(...sections: readonly string[]): string {
  return sections.filter((section) => section !== '').join('\n\n')
}

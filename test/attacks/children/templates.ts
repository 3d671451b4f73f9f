/** Renders hostile templates one after another: each is stopped by a limit, fails, or ends. */
import { toValue } from '../../../src/chat/jinja/convert.js'
import { Template } from '../../../src/chat/jinja/template.js'
import { attackInput, attempt } from '../support/attempt.js'

const variables = new Map([
  ['digits', toValue('9'.repeat(1_000_000), 1, 'digits')],
  ['long', toValue('ab'.repeat(500_000), 1, 'long')],
])
const NOW = new Date(2026, 0, 5)

for (const [name, source] of Object.entries(attackInput<Record<string, string>>())) {
  await attempt(
    name,
    () => {
      if (source.length > 4096) throw new Error(`has ${source.length} characters`)
      const start = performance.now()
      try {
        new Template(source).render(variables, NOW)
      } finally {
        if (process.env.TIMES) {
          const seconds = ((performance.now() - start) / 1000).toFixed(2)
          console.error(`${seconds} s, ${Math.round(process.memoryUsage().rss / 1e6)} MB: ${name}`)
        }
      }
    },
    { codes: ['LIMIT', 'TEMPLATE_FAILED'], mayBeAccepted: true },
  )
}

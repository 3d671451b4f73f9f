/** Printed by `npm test` before it begins. */
import { existsSync } from 'node:fs'

console.log(
  [
    'All checks: build, types, lint, unit and property tests, llama.cpp as the oracle, runtimes.',
    'about 17 minutes on two cores. `npm run test:fast` takes 3 to 4 and skips the oracle, the runtimes and the',
    'most thorough of the unit tests. `npm run test:attacks` runs hostile input, `npm run test:slow` a 1.1B model.',
  ].join('\n'),
)
const browsers = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]
if (!browsers.some((path) => path && existsSync(path))) {
  console.log('Chromium was not found, so its tests are skipped; set CHROMIUM to its path.')
}

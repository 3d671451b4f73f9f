/** What `npm test` says before it begins. */
import { existsSync } from 'node:fs'

console.log(
  [
    'All checks: build, types, lint, unit and property tests, llama.cpp as the oracle, runtimes.',
    'About 8 minutes on two cores. `npm run test:fast` takes less than 2 and leaves out the oracle, the runtimes and the',
    'most thorough of the unit tests. `npm run test:attacks` tries hostile input, `npm run test:slow` a model of 1.1B.',
  ].join('\n'),
)
const browsers = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]
if (!browsers.some((path) => path && existsSync(path))) {
  console.log('No Chromium was found, so the tests in it are left out; CHROMIUM may name its path.')
}

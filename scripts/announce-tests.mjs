/** Printed by `npm test` before it begins. */
console.log(
  [
    'Build, types, lint, unit and property tests, and llama.cpp as the oracle: about 12 minutes on two cores.',
    '`npm run test:fast` takes 3 to 4 and leaves out the oracle and the most thorough of the unit tests.',
    '`npm run test:browsers` runs pages, Workers and workerd; CONTRIBUTING.md lists the other suites, and .ci/run runs all.',
  ].join('\n'),
)

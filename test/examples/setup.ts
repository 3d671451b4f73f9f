/** Before the tests of a run: packs the package, which the examples install. */
export { packPackage as default } from '../support/packed.js'

export { checkCount, checkIds, checkOptions, checkSignal, checkTokens } from '../checks.js'

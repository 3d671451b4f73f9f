export { str } from './json.js'

export { Float, integer } from './values.js'

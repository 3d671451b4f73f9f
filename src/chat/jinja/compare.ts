import type { Budget } from './budget.js'
import { equal as equalTo, type Value } from './values.js'

export { truthy } from './values.js'
export const equal = (a: Value, b: Value, budget: Budget) => equalTo(a, b, budget.spend)

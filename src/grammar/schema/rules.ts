import type { Node } from '../grammar.js'
import type { Flat, Placed, Schema } from './flat.js'
import type { Resolver } from './resolve/resolve.js'
import type { NumberType } from './types/numbers.js'
import type { Strings } from './types/strings.js'

/** What the parts of a conversion need of it. */
export interface Rules {
  readonly resolver: Resolver
  readonly strings: Strings
  /** The values that are valid by a schema. */
  valueOf(placed: Placed): Node
  /** The strings of a schema. */
  stringNode(flat: Flat): Node
  /** The numbers of a type of a schema that begin with a digit. */
  numberOfKind(flat: Flat, type: NumberType, digit: number): Node
  /** A rule of its own for a node. `pointer` is where it comes from. */
  define(pointer: string, node: Node): Node
  /** What stands in a rule instead: for rules that lead to themselves. */
  redefine(rule: Node, node: Node): void
  /** One object for all schemas that say the same. */
  same(schema: Exclude<Schema, boolean>): Schema
}

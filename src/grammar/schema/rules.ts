import type { Node } from '../grammar.js'
import type { Flat, Placed, Schema } from './flat.js'
import type { Resolver } from './resolve/resolve.js'
import type { NumberType } from './types/numbers.js'
import type { Strings } from './types/strings.js'

/** Services of the converter for its parts. */
export interface Rules {
  readonly resolver: Resolver
  readonly strings: Strings
  /** The node for a schema's valid values. */
  valueOf(placed: Placed): Node
  /** The strings of a schema. */
  stringNode(flat: Flat): Node
  /** The numbers of a type of a schema that begin with a digit. */
  numberOfKind(flat: Flat, type: NumberType, digit: number): Node
  /** A separate rule for a node. `pointer` is its origin. */
  define(pointer: string, node: Node): Node
  /** A placeholder for a rule, for recursion. */
  redefine(rule: Node, node: Node): void
  /** The same object for all equal schemas. */
  same(schema: Exclude<Schema, boolean>): Schema
}

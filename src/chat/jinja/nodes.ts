import type { Text } from './text.js'
import type { Value } from './values.js'

/** `at` is the offset in the source at which the node begins. */
interface Node {
  readonly at: number
}

/** The arguments of a call, a filter or a test: positional ones, `*list`, named ones, `**mapping`. */
export interface CallArguments {
  readonly positional: readonly Expression[]
  readonly named: readonly { readonly name: Text; readonly value: Expression }[]
  readonly spread: Expression | undefined
  readonly namedSpread: Expression | undefined
}

export interface Constant extends Node {
  readonly kind: 'constant'
  readonly value: Value
}

export interface Name extends Node {
  readonly kind: 'name'
  readonly name: string
}

/** `a.b` */
export interface Attribute extends Node {
  readonly kind: 'attribute'
  readonly object: Expression
  readonly name: Text
}

/** `a[b]` and `a.0` */
export interface Item extends Node {
  readonly kind: 'item'
  readonly object: Expression
  readonly index: Expression
}

/** `a[start:stop:step]` */
export interface Slice extends Node {
  readonly kind: 'slice'
  readonly object: Expression
  readonly start: Expression | undefined
  readonly stop: Expression | undefined
  readonly step: Expression | undefined
}

export interface Call extends Node {
  readonly kind: 'call'
  readonly callee: Expression
  readonly args: CallArguments
}

/** The name of a filter with its arguments, without the value that it is applied to. */
export interface FilterStep extends Node {
  readonly name: string
  readonly args: CallArguments
}

export type CompareOperator = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in'

export type BinaryOperator = '+' | '-' | '*' | '/' | '//' | '%' | '**'

export type Expression =
  | Constant
  | Name
  | Attribute
  | Item
  | Slice
  | Call
  | (Node & { readonly kind: 'list' | 'tuple'; readonly items: readonly Expression[] })
  | (Node & {
      readonly kind: 'dict'
      readonly pairs: readonly { readonly key: Expression; readonly value: Expression }[]
    })
  | (Node & { readonly kind: 'filter'; readonly operand: Expression; readonly step: FilterStep })
  | (Node & {
      readonly kind: 'test'
      readonly operand: Expression
      readonly name: string
      readonly args: CallArguments
    })
  | (Node & { readonly kind: 'not'; readonly operand: Expression })
  | (Node & { readonly kind: 'sign'; readonly operator: '+' | '-'; readonly operand: Expression })
  | (Node & { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression })
  | (Node & {
      readonly kind: 'binary'
      readonly operator: BinaryOperator
      readonly left: Expression
      readonly right: Expression
    })
  /** `a < b <= c`: each operand is evaluated at most once, up to the first comparison that is false. */
  | (Node & {
      readonly kind: 'compare'
      readonly first: Expression
      readonly rest: readonly { readonly operator: CompareOperator; readonly operand: Expression }[]
    })
  /** `a ~ b ~ c` */
  | (Node & { readonly kind: 'concat'; readonly parts: readonly Expression[] })
  /** `a if test else b`; without `else` the result is undefined if the test fails. */
  | (Node & {
      readonly kind: 'conditional'
      readonly test: Expression
      readonly then: Expression
      readonly otherwise: Expression | undefined
    })

/** A target of an assignment or a loop. */
export type Target =
  | Name
  | (Node & { readonly kind: 'tuple'; readonly items: readonly Target[] })
  | (Node & { readonly kind: 'namespace'; readonly name: string; readonly attribute: string })

/** Statements with their own scope. */
export interface Block {
  readonly statements: readonly Statement[]
  /**
   * Names that are undefined until the block sets them, regardless of variables with these names outside of it: Jinja decides
   * that at compile time. Filled in by `resolveScopes`.
   */
  readonly unset: string[]
}

export interface Parameter {
  readonly name: string
  readonly default: Expression | undefined
}

/** A macro, or the body of a call block. */
export interface Macro extends Node {
  /** `undefined` for a call block, which the called macro knows as `caller`. */
  readonly name: string | undefined
  readonly parameters: readonly Parameter[]
  readonly body: Block
  /** Whether the body reads the variables `caller`, `kwargs` and `varargs`: only then may such arguments be passed. */
  readonly takesCaller: boolean
  readonly takesNamed: boolean
  readonly takesPositional: boolean
}

export interface For extends Node {
  readonly kind: 'for'
  readonly target: Target
  readonly iterable: Expression
  readonly test: { readonly condition: Expression; readonly scope: Block } | undefined
  readonly isRecursive: boolean
  readonly body: Block
  readonly otherwise: Block | undefined
}

export interface Capture extends Node {
  readonly kind: 'capture'
  readonly target: Target
  readonly filters: readonly FilterStep[]
  readonly body: Block
}

export interface CallBlock extends Node {
  readonly kind: 'call-block'
  readonly call: Call
  readonly caller: Macro
}

export interface NamedBlock extends Node {
  readonly kind: 'block'
  readonly name: string
  readonly isScoped: boolean
  readonly isRequired: boolean
  readonly body: Block
}

export type Statement =
  | (Node & { readonly kind: 'text'; readonly text: Text })
  | (Node & { readonly kind: 'output'; readonly value: Expression })
  /** `if` and each `elif` with their bodies, which do not open a scope. */
  | (Node & {
      readonly kind: 'if'
      readonly branches: readonly { readonly test: Expression; readonly body: readonly Statement[] }[]
      readonly otherwise: readonly Statement[]
    })
  | For
  | (Node & { readonly kind: 'set'; readonly target: Target; readonly value: Expression })
  | Capture
  | (Node & {
      readonly kind: 'with'
      readonly bindings: readonly { readonly target: Target; readonly value: Expression }[]
      readonly body: Block
    })
  | (Node & { readonly kind: 'filter-block'; readonly filters: readonly FilterStep[]; readonly body: Block })
  | (Node & { readonly kind: 'macro'; readonly name: string; readonly macro: Macro })
  | CallBlock
  | NamedBlock
  /** The tag `generation`. */
  | (Node & { readonly kind: 'scope'; readonly body: Block })
  | (Node & { readonly kind: 'autoescape'; readonly isOn: Expression; readonly body: Block })
  | (Node & { readonly kind: 'do'; readonly expression: Expression })
  | (Node & { readonly kind: 'break' | 'continue' })

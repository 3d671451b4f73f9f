/**
 * The syntax trees that `@huggingface/jinja` parses templates into, as far as they are read here. The package does not
 * export its types; these follow its `src/ast.ts`.
 */

export interface Program {
  readonly type: 'Program'
  readonly body: readonly Node[]
}

export interface Identifier {
  readonly type: 'Identifier'
  readonly value: string
}

export interface Call {
  readonly type: 'CallExpression'
  readonly callee: Node
  readonly args: readonly Node[]
}

export interface KeywordArgument {
  readonly type: 'KeywordArgumentExpression'
  readonly key: Identifier
  readonly value: Node
}

export interface Tuple {
  readonly type: 'TupleLiteral'
  readonly value: readonly Node[]
}

export interface Slice {
  readonly type: 'SliceExpression'
  readonly start: Node | undefined
  readonly stop: Node | undefined
  readonly step: Node | undefined
}

/** `a if test`, and in the head of a loop `items if test`. */
export interface Select {
  readonly type: 'SelectExpression'
  readonly lhs: Node
  readonly test: Node
}

export interface For {
  readonly type: 'For'
  readonly loopvar: Identifier | Tuple
  readonly iterable: Node
  readonly body: readonly Node[]
  readonly defaultBlock: readonly Node[]
}

export interface SetStatement {
  readonly type: 'Set'
  readonly assignee: Node
  readonly value: Node | null
  readonly body: readonly Node[]
}

/** A parameter of a macro, with its default. */
export type Parameter = Identifier | KeywordArgument

export interface Macro {
  readonly type: 'Macro'
  readonly name: Identifier
  readonly args: readonly Parameter[]
  readonly body: readonly Node[]
}

export interface CallStatement {
  readonly type: 'CallStatement'
  readonly call: Call
  readonly callerArgs: readonly Parameter[] | null
  readonly body: readonly Node[]
}

export interface FilterStatement {
  readonly type: 'FilterStatement'
  readonly filter: Identifier | Call
  readonly body: readonly Node[]
}

export interface Member {
  readonly type: 'MemberExpression'
  readonly object: Node
  readonly property: Node
  /** `a[b]` rather than `a.b`. */
  readonly computed: boolean
}

export interface Binary {
  readonly type: 'BinaryExpression'
  readonly operator: { readonly value: string }
  readonly left: Node
  readonly right: Node
}

export type Node =
  | Program
  | Identifier
  | Call
  | KeywordArgument
  | Tuple
  | Slice
  | Select
  | For
  | SetStatement
  | Macro
  | CallStatement
  | FilterStatement
  | Member
  | Binary
  | {
      readonly type: 'If'
      readonly test: Node
      readonly body: readonly Node[]
      readonly alternate: readonly Node[]
    }
  | { readonly type: 'Break' | 'Continue' }
  | { readonly type: 'Comment'; readonly value: string }
  | { readonly type: 'IntegerLiteral' | 'FloatLiteral'; readonly value: number }
  | { readonly type: 'StringLiteral'; readonly value: string }
  | { readonly type: 'ArrayLiteral'; readonly value: readonly Node[] }
  | { readonly type: 'ObjectLiteral'; readonly value: ReadonlyMap<Node, Node> }
  | { readonly type: 'FilterExpression'; readonly operand: Node; readonly filter: Identifier | Call }
  | {
      readonly type: 'TestExpression'
      readonly operand: Node
      readonly negate: boolean
      readonly test: Identifier
    }
  | {
      readonly type: 'UnaryExpression'
      readonly operator: { readonly value: string }
      readonly argument: Node
    }
  | { readonly type: 'Ternary'; readonly condition: Node; readonly trueExpr: Node; readonly falseExpr: Node }
  | { readonly type: 'SpreadExpression' | 'KeywordSpreadExpression'; readonly argument: Node }

/** Operators and brackets within tags; each is its own type of token. */
const OPERATORS = [
  ...['//', '**', '==', '!=', '>=', '<='],
  ...['+', '-', '/', '*', '%', '~', '[', ']', '(', ')', '{', '}', '>', '<', '=', '.', ':', '|', ',', ';'],
] as const

export type Operator = (typeof OPERATORS)[number]

const KNOWN: ReadonlySet<string> = new Set(OPERATORS)

export function isOperator(text: string): text is Operator {
  return KNOWN.has(text)
}

/** A piece of a template, with its offset in the source. */
export type Token = { readonly at: number } & (
  | { readonly type: 'data' | 'name' | 'string'; readonly text: string }
  | { readonly type: 'integer'; readonly value: number | bigint }
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: Operator | '{{' | '}}' | '{%' | '%}' | 'end' }
)

/** Describes a token in error messages. */
export function describe(token: Token): string {
  switch (token.type) {
    case 'end':
      return 'the end of the template'
    case 'data':
      return 'text'
    case 'name':
      return `"${token.text}"`
    case 'string':
      return 'a string'
    case 'integer':
    case 'float':
      return `the number ${token.value}`
    default:
      return `"${token.type}"`
  }
}

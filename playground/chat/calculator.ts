/** Arithmetic, parsed: nothing is evaluated as code. */

const CONSTANTS = new Map([
  ['pi', Math.PI],
  ['e', Math.E],
])

const FUNCTIONS = new Map<string, (...values: number[]) => number>([
  ['sqrt', Math.sqrt],
  ['abs', Math.abs],
  ['round', Math.round],
  ['floor', Math.floor],
  ['ceil', Math.ceil],
  ['ln', Math.log],
  ['log', Math.log10],
  ['exp', Math.exp],
  ['sin', Math.sin],
  ['cos', Math.cos],
  ['tan', Math.tan],
  ['min', Math.min],
  ['max', Math.max],
])

const MAX_LENGTH = 1000
const MAX_DEPTH = 100
const TOKEN = /\s*(?:(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)|([a-z]+)|(\*\*|[-+*/%^(),×÷−]))/iy

interface Token {
  readonly text: string
  readonly value: number | undefined
  /** Of its first character, from 1. */
  readonly column: number
}

/** The value of an expression such as `2 * (3 + sqrt(16)) ^ 2`. Throws an `Error` that says what is wrong, and where. */
export function calculate(expression: string): number {
  if (expression.length > MAX_LENGTH) throw new Error(`the expression has more than ${MAX_LENGTH} characters`)
  const value = new Calculator(tokens(expression)).whole()
  if (Number.isFinite(value)) return value
  throw new Error('the result is not a finite number')
}

function tokens(expression: string): Token[] {
  const found: Token[] = []
  const end = expression.trimEnd().length
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < end) {
    const at = TOKEN.lastIndex
    const match = TOKEN.exec(expression)
    if (!match) {
      const column = at + expression.slice(at).search(/\S/) + 1
      throw new Error(`unexpected "${expression[column - 1]}" at character ${column}`)
    }
    const [all, number, name, sign] = match
    const text = number ?? name?.toLowerCase() ?? sign
    found.push({
      text,
      value: number === undefined ? undefined : Number(number),
      column: at + all.length - text.length + 1,
    })
  }
  return found
}

/** Recursive descent: sums of products of signed powers. */
class Calculator {
  readonly #tokens: readonly Token[]
  #next = 0
  #depth = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  whole(): number {
    const value = this.#sum()
    const rest = this.#tokens[this.#next]
    if (rest) throw unexpected(rest)
    return value
  }

  #sum(): number {
    if (++this.#depth > MAX_DEPTH) throw new Error(`more than ${MAX_DEPTH} nested parentheses`)
    let value = this.#product()
    for (;;) {
      if (this.#takes('+')) value += this.#product()
      else if (this.#takes('-', '−')) value -= this.#product()
      else break
    }
    this.#depth--
    return value
  }

  #product(): number {
    let value = this.#signed()
    for (;;) {
      if (this.#takes('*', '×')) value *= this.#signed()
      else if (this.#takes('/', '÷')) value /= this.#signed()
      else if (this.#takes('%')) value %= this.#signed()
      else return value
    }
  }

  #signed(): number {
    let isNegative = false
    for (;;) {
      if (this.#takes('-', '−')) isNegative = !isNegative
      else if (!this.#takes('+')) break
    }
    const value = this.#power()
    return isNegative ? -value : value
  }

  /** Binds from the right, and closer than the sign before it: -2^2 is -4. */
  #power(): number {
    const base = this.#operand()
    if (!this.#takes('^', '**')) return base
    if (++this.#depth > MAX_DEPTH) throw new Error(`more than ${MAX_DEPTH} powers of powers`)
    const exponent = this.#signed()
    this.#depth--
    return base ** exponent
  }

  #operand(): number {
    const token = this.#tokens[this.#next++]
    if (!token) throw new Error('the expression ends too early')
    if (token.value !== undefined) return token.value
    if (token.text === '(') return this.#closed(() => this.#sum())
    const constant = CONSTANTS.get(token.text)
    if (constant !== undefined) return constant
    const apply = FUNCTIONS.get(token.text)
    if (apply && this.#takes('(')) return this.#closed(() => apply(...this.#list()))
    if (apply) throw new Error(`${token.text} needs parentheses: ${token.text}(…)`)
    throw unexpected(token)
  }

  #list(): number[] {
    const values = [this.#sum()]
    while (this.#takes(',')) values.push(this.#sum())
    return values
  }

  #closed(inner: () => number): number {
    const value = inner()
    if (this.#takes(')')) return value
    const token = this.#tokens[this.#next]
    throw token ? unexpected(token) : new Error('a closing parenthesis is missing')
  }

  #takes(...texts: readonly string[]): boolean {
    if (!texts.includes(this.#tokens[this.#next]?.text)) return false
    this.#next++
    return true
  }
}

function unexpected({ text, column }: Token): Error {
  return new Error(`unexpected "${text}" at character ${column}`)
}

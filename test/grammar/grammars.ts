/** Grammars as people write them. */

export const ARITHMETIC = `
root  ::= name "=" expr
expr  ::= term ([-+*/] term)*
term  ::= name | number | "(" expr ")"
name  ::= [a-z]+
number ::= [0-9]+
`

export const JSON_GBNF = String.raw`
# objects only
root   ::= object
value  ::= object | array | string | number | ("true" | "false" | "null") ws
object ::= "{" ws (
    string ":" ws value
    ("," ws string ":" ws value)*
  )? "}" ws
array  ::= "[" ws ( value ("," ws value)* )? "]" ws
string ::=
  "\"" (
    [^"\\\x7F\x00-\x1F] |
    "\\" (["\\bfnrt] | "u" [0-9a-fA-F]{4})
  )* "\"" ws
number ::= ("-"? ([0-9] | [1-9] [0-9]{0,15})) ("." [0-9]+)? ([eE] [-+]? [0-9] [1-9]{0,15})? ws
ws     ::= | " " | "\n" [ \t]{0,20}
`

/** Polite answers of one or two sentences, in any script. */
export const SENTENCES = String.raw`
root ::= sentence (" " sentence)?
sentence ::= [A-ZÄÖÜ] ([^.!?\n] | "." [0-9])* [.!?]
`

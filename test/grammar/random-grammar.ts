import fc from 'fast-check'
import { ANY_CHARACTER, complement, normalized } from '../../src/grammar/code-points.js'
import {
  choice,
  type Grammar,
  type Node,
  repeat,
  rule,
  sequence,
  set,
  text,
} from '../../src/grammar/grammar.js'
import { findLeftRecursion } from '../../src/grammar/rule-analysis.js'

const ranges = fc.constantFrom<readonly (readonly [number, number])[]>(
  [[0x61, 0x63]],
  [
    [0x61, 0x61],
    [0xe0, 0x2ff],
  ],
  [
    [0x7f, 0x80],
    [0x7ff, 0x800],
    [0xffff, 0x10000],
  ],
  [[0x1f5ff, 0x1f601]],
  ANY_CHARACTER,
  complement([[0x61, 0x62]]),
  normalized([[0xd700, 0xe001]]),
)

const { node } = fc.letrec<{ node: Node }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', maxDepth: 4 },
    fc.constantFrom('', 'a', 'b', 'ab', 'ä', 'aba', '😀', 'bc', ' ').map(text),
    ranges.map(set),
    fc.constantFrom('root', 'one', 'two').map(rule),
    fc.array(tie('node'), { maxLength: 3 }).map(sequence),
    fc.array(tie('node'), { minLength: 1, maxLength: 3 }).map(choice),
    fc
      .tuple(
        tie('node'),
        fc.constantFrom([0, 1], [0, Infinity], [1, Infinity], [2, 2], [1, 3], [0, 7], [5, 6]),
      )
      .map(([inner, [min, max]]) => repeat(inner, min, max)),
  ),
}))

/** Grammars of three rules that may call each other, without left recursion. */
export const randomGrammar: fc.Arbitrary<Grammar> = fc
  .tuple(node, node, node)
  .map(([root, one, two]) => ({ root: 'root', rules: new Map(Object.entries({ root, one, two })) }))
  .filter((grammar) => findLeftRecursion(grammar) === undefined)

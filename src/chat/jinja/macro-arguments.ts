import { describeValue } from '../../describe.js'
import { dictOf } from './collections.js'
import { evaluate } from './expressions.js'
import { templateFailed } from './failures.js'
import type { Macro } from './nodes.js'
import type { Scope } from './scope.js'
import { Text } from './text.js'
import { type Arguments, Tuple, Undefined, type Value } from './values.js'

/** Binds a macro's arguments. Those without a parameter go to `varargs` and `kwargs`, if the macro reads these. */
export function bindArguments(macro: Macro, { positional, named }: Arguments, scope: Scope): void {
  const { parameters, takesCaller, takesNamed, takesPositional } = macro
  const { budget } = scope.rendering
  const left = new Map<string, readonly [key: Text, value: Value]>()
  for (const [key, value] of named.entries()) if (key instanceof Text) left.set(key.text, [key, value])
  const take = (name: string) => {
    const value = left.get(name)?.[1]
    left.delete(name)
    return value
  }
  for (const [i, { name }] of parameters.entries()) {
    const value = i < positional.length ? positional[i] : take(name)
    if (value === undefined) scope.unset(name)
    else scope.set(name, value)
  }
  if (takesCaller) scope.set('caller', take('caller') ?? new Undefined('caller'))
  if (takesNamed) scope.set('kwargs', dictOf([...left.values()], budget))
  else if (left.size > 0)
    throw templateFailed(`${title(macro)} takes no argument ${describeValue([...left.keys()][0])}`)
  const more = positional.slice(parameters.length)
  if (takesPositional) {
    budget.items(more.length)
    scope.set('varargs', new Tuple(more))
  } else if (more.length > 0) {
    throw templateFailed(
      `${title(macro)} takes at most ${parameters.length} arguments, not ${positional.length}`,
    )
  }
  // A default may use the parameters before it, and those that are given.
  for (const parameter of parameters) {
    if (scope.has(parameter.name)) continue
    scope.set(
      parameter.name,
      parameter.default ? evaluate(parameter.default, scope) : new Undefined(parameter.name),
    )
  }
}

function title({ name }: Macro): string {
  return name === undefined ? 'the body of a call block' : `the macro ${describeValue(name)}`
}

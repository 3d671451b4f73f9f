import type { Macro } from './nodes.js'
import { FROM_TEMPLATE, Text } from './text.js'
import { Callable, Tuple, type Value } from './values.js'

/** The value of a macro, and of `caller`. */
export class MacroObject extends Callable {
  readonly #macro: Macro

  constructor(macro: Macro, call: Callable['call']) {
    super(call)
    this.#macro = macro
  }

  override get(name: string): Value | undefined {
    const { name: own, parameters, takesCaller, takesNamed, takesPositional } = this.#macro
    switch (name) {
      case 'name':
        return own === undefined ? null : Text.of(own, FROM_TEMPLATE)
      case 'arguments':
        return new Tuple(parameters.map((parameter) => Text.of(parameter.name, FROM_TEMPLATE)))
      case 'caller':
        return takesCaller
      case 'catch_kwargs':
        return takesNamed
      case 'catch_varargs':
        return takesPositional
      case 'explicit_caller':
        return parameters.some((parameter) => parameter.name === 'caller')
      default:
        return undefined
    }
  }

  override get title(): Text {
    const { name } = this.#macro
    if (name === undefined) return Text.of('<Macro anonymous>')
    return Text.join([Text.of("<Macro '"), Text.of(name, FROM_TEMPLATE), Text.of("'>")])
  }
}

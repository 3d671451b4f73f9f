import { describeValue } from '../../describe.js'
import { iterable } from './collections.js'
import { templateFailed } from './failures.js'
import type { Target } from './nodes.js'
import type { Scope } from './scope.js'
import { Namespace, typeName, type Value } from './values.js'

/** Assigns a value to a target; a tuple of targets unpacks it. */
export function assign(target: Target, value: Value, scope: Scope): void {
  scope.rendering.at = target.at
  switch (target.kind) {
    case 'name':
      scope.set(target.name, value)
      return
    case 'namespace': {
      const object = scope.get(target.name)
      if (!(object instanceof Namespace)) {
        throw templateFailed(
          `${describeValue(target.name)} is ${typeName(object)}, not a namespace, so its attributes cannot be set`,
        )
      }
      object.attributes.set(target.attribute, value)
      return
    }
    case 'tuple': {
      const items = iterable(value, scope.rendering.budget)
      if (items?.length !== target.items.length) {
        const length = items ? ` of length ${items.length}` : ''
        throw templateFailed(
          `${typeName(value)}${length} cannot be unpacked into ${target.items.length} variables`,
        )
      }
      for (const [i, item] of target.items.entries()) assign(item, items[i], scope)
    }
  }
}

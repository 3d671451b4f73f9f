import { Alphabet } from '../../regular/alphabet.js'
import type { Budget } from '../../regular/budget.js'
import { DEAD, type Dfa, Exploration } from '../../regular/dfa.js'

/** Limit on remainders; for larger steps, multiples are listed. */
export const MAX_REMAINDERS = 300

/** A step as `units` × 10^−`decimals`, followed by `zeros` zeros. */
export interface Step {
  readonly units: number
  readonly decimals: number
  readonly zeros: number
}

/** The shortest decimal representation of this number. */
export function stepOf(value: number): Step {
  const [digits, exponent] = value.toExponential().split('e')
  const [whole, fraction = ''] = digits.split('.')
  const power = Number(exponent) - fraction.length
  return { units: Number(whole + fraction), decimals: Math.max(0, -power), zeros: Math.max(0, power) }
}

/** The automaton's state: sign, remainder so far, digits after the point, pending zeros. */
interface Place {
  readonly phase: 'start' | 'sign' | 'whole' | 'fraction'
  readonly remainder: number
  readonly decimals: number
  readonly zeros: number
  readonly isZero: boolean
}

/** Multiples of a step without exponent, by tracking the remainder digit by digit. `units` ≤ `MAX_REMAINDERS`. */
export function multiplesOf({ units, decimals, zeros }: Step, budget: Budget): Dfa {
  const characters = '0123456789.-'
  const alphabet = Alphabet.of([...characters].map((each) => [[each.charCodeAt(0), each.charCodeAt(0)]]))
  const classOf = new Map([...characters].map((each) => [alphabet.classOf(each.charCodeAt(0)), each]))
  const found = new Exploration<Place>(budget)
  const at = (place: Place) => found.indexOf(Object.values(place).join(), place)
  at({ phase: 'start', remainder: 0, decimals: 0, zeros: 0, isZero: true })
  const digit = (place: Place, value: number): number => {
    const { remainder, isZero } = place
    if (place.phase === 'fraction') {
      // After the step's last decimal, only zeros are allowed.
      if (place.decimals === decimals) return value === 0 ? at({ ...place, zeros: 1 }) : DEAD
      return at({
        ...place,
        remainder: (remainder * 10 + value) % units,
        decimals: place.decimals + 1,
        zeros: 1,
        isZero: isZero && value === 0,
      })
    }
    if (value === 0 && isZero) return at({ ...place, phase: 'whole' })
    if (value === 0 && place.zeros < zeros) return at({ ...place, zeros: place.zeros + 1 })
    if (value === 0) return at({ ...place, remainder: (remainder * 10) % units })
    // The pending zeros are part of the number after all.
    let next = remainder
    for (let i = 0; i < place.zeros; i++) next = (next * 10) % units
    return at({
      phase: 'whole',
      remainder: (next * 10 + value) % units,
      decimals: 0,
      zeros: 0,
      isZero: false,
    })
  }
  return found.dfa(
    alphabet,
    (place, c) => {
      const character = classOf.get(c)
      if (character === undefined) return DEAD
      if (character === '-') return place.phase === 'start' ? at({ ...place, phase: 'sign' }) : DEAD
      if (character === '.') {
        const isWhole = place.phase === 'whole' && (place.isZero || place.zeros === zeros)
        return isWhole ? at({ ...place, phase: 'fraction', zeros: 0 }) : DEAD
      }
      return digit(place, Number(character))
    },
    ({ phase, remainder, decimals: read, zeros: trailing, isZero }) => {
      if (phase === 'start' || phase === 'sign') return false
      if (isZero) return phase === 'whole' || trailing > 0
      if (phase === 'whole' && trailing !== zeros) return false
      if (phase === 'fraction' && trailing === 0) return false
      return (remainder * 10 ** (decimals - read)) % units === 0
    },
  )
}

/** Efforts of reasoning in the APIs of others, and the three that templates know; with `none` the model does not reason. */
export const EFFORTS = {
  none: undefined,
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
  max: 'high',
} as const

export type Effort = keyof typeof EFFORTS

export function isEffort(value: string): value is Effort {
  return Object.hasOwn(EFFORTS, value)
}

/**
 * The sum of f32 values; it is finite exactly if all of them are, because finite f32 values cannot overflow an f64.
 * 0.05 ms for 151,936 values in V8 (2026-11).
 */
export function sum(values: Float32Array): number {
  // Four sums, because each addition waits for the previous one.
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  let i = 0
  for (; i + 8 <= values.length; i += 8) {
    a += values[i] + values[i + 4]
    b += values[i + 1] + values[i + 5]
    c += values[i + 2] + values[i + 6]
    d += values[i + 3] + values[i + 7]
  }
  for (; i < values.length; i++) a += values[i]
  return a + b + (c + d)
}

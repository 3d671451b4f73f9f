/** Compile-time counts as type parameters, each the size of a class: a constant argument would not stay a constant. */
@unmanaged
export class One {
  a: u8
}
@unmanaged
export class Two {
  a: u8
  b: u8
}
@unmanaged
export class Three {
  a: u8
  b: u8
  c: u8
}
@unmanaged
export class Four {
  a: u8
  b: u8
  c: u8
  d: u8
}
@inline
export function count<N>(): i32 {
  return <i32>offsetof<N>()
}

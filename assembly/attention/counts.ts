/** Counts that the compiler knows, each by the size of a class. A constant parameter would not stay one. */
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

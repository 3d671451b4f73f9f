/**
 * The simple lowercase mappings of Unicode 15.1, in ascending order, as runs of code points: the distance from the run
 * before, the distance to the lowercase letter, the number of letters (default 1), and from one to the next (default 1),
 * in base 36.
 * Source: Unicode Character Database 15.1 (UnicodeData.txt, field Simple_Lowercase_Mapping). Not `toLowerCase`, because
 * JavaScript engines implement different Unicode versions, and it maps some letters to two and sigma by its context.
 */
const LOWERCASE_RUNS = [
  '1t,w,q 3j,w,n o,w,7 14,1,o,2 1c,-5j 2,1,3,2 7,1,8,2 h,1,n,2 1a,-3d 1,1,3,2 8,5u 1,1,2,2 4,5q 1,1',
  '2,5p,2 2,1 3,27 1,5m 1,5n 1,1 2,5p 1,5r 2,5v 1,5t 1,1 4,5v 1,5x 2,5y 1,1,3,2 6,62 1,1 2,62 3,1 2,62',
  '1,1 2,61,2 2,1,2,2 4,63 1,1 4,1 8,2 1,1 2,2 1,1 2,2 1,1,9,2 j,1,9,2 j,2 1,1,2,2 4,-2p 1,-1k 1,1,k,2',
  '14,-3m 2,1,9,2 o,8bv 1,1 2,-4j 1,8bs 3,1 2,-5f 1,1x 1,1z 1,1,5,2 8a,1,2,2 6,1 9,38 7,12 2,11,3 4,1s',
  '2,1r,2 3,w,h i,w,9 18,8 9,1,c,2 s,-1o 3,1 2,-7 1,1 3,-3m,3 3,28,g g,w,w 28,1,h,2 16,1,r,2 1i,f',
  '1,1,7,2 f,1,1c,2 2p,1c,12 29b,5ls,12 13,5ls 6,5ls k3,tzk,28 28,8,6 1pc,-2bk,17 19,-2bk,3 8z,1,23,2',
  '4e,-5vj 2,1,1c,2 2w,-8,8 g,-8,6 g,-8,8 g,-8,8 g,-8,6 h,-8,4,2 f,-8,8 w,-8,8 g,-8,8 g,-8,8 g,-8,2',
  '2,-22,2 2,-9 c,-2e,4 4,-9 c,-8,2 2,-2s,2 e,-8,2 2,-34,2 2,-7 c,-3k,2 2,-3i,2 2,-9 8a,-5st 4,-6gv',
  '1,-6di 7,s 1a,g,g z,1 mr,q,q 1fu,1c,1c 2o,1 2,-8af 1,-2xy 1,-89z 3,1,3,2 6,-8bg 1,-8al 1,-8bj 1,-8bi',
  '2,1 3,1 9,-8cf,2 2,1,1e,2 2z,1,2,2 7,1 nym,1,n,2 1s,1,e,2 4i,1,7,2 g,1,v,2 1z,1,2,2 4,-r9g 1,1,5,2',
  'd,1 2,-wmg 3,1,2,2 6,1,a,2 k,-wn8 1,-wnj 1,-wnf 1,-wn5 1,-wn8 2,-wlu 1,-wmi 1,-wlx 1,ps 1,1,8,2',
  'g,-1c 1,-wn7 1,-raw 1,1,2,2 9,1 6,1,2,2 v,1 h7w,w,q yn,14,14 4w,14,10 5c,13,b c,13,f g,13,7 8,13,2',
  '1d8,1s,1f 2e8,w,w gww,w,w o8w,y,y',
].join(' ')

let mappings: ReadonlyMap<number, number> | undefined

/** The mappings, expanded on first use. */
function unfold(): ReadonlyMap<number, number> {
  if (mappings) return mappings
  const map = new Map<number, number>()
  let first = 0
  for (const run of LOWERCASE_RUNS.split(' ')) {
    const [gap, distance, count = 1, step = 1] = run.split(',').map((digits) => Number.parseInt(digits, 36))
    first += gap
    for (let i = 0; i < count; i++) map.set(first + i * step, first + i * step + distance)
  }
  mappings = map
  return map
}

/** The lowercase letter of a code point, or the code point. */
export function toLowercase(codePoint: number): number {
  if (codePoint < 0x80) return codePoint >= 0x41 && codePoint <= 0x5a ? codePoint + 0x20 : codePoint
  return unfold().get(codePoint) ?? codePoint
}

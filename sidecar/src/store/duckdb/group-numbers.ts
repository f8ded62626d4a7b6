/**
 * The number of each row's group, found by the engine's hash of what groups have in common: joining a million rows with
 * their groups takes the engine five times as long. The groups are few and known, so it is seen whether hashes tell them
 * apart. Multiplicative hashing (Knuth 1998, The Art of Computer Programming 3, 6.4).
 */

/** Undefined where two groups share a hash. */
export function groupNumbers(groups: readonly number[]): ((hashes: Uint32Array) => Uint32Array) | undefined {
  if (new Set(groups).size < groups.length) return undefined;
  // A quarter full, so that most are found at once.
  const bits = Math.ceil(Math.log2(Math.max(2, groups.length * 4)));
  const mask = 2 ** bits - 1;
  const known = new Uint32Array(2 ** bits);
  const numbers = new Int32Array(2 ** bits).fill(-1);
  const placeOf = (hash: number): number => {
    let place = Math.imul(hash, 0x9e3779b1) >>> (32 - bits);
    while (numbers[place] !== -1 && known[place] !== hash) place = (place + 1) & mask;
    return place;
  };
  groups.forEach((hash, number) => {
    const place = placeOf(hash);
    known[place] = hash;
    numbers[place] = number;
  });
  return (hashes) => {
    const found = new Uint32Array(hashes.length);
    for (let row = 0; row < found.length; row++) found[row] = numbers[placeOf(hashes[row] as number)] as number;
    return found;
  };
}

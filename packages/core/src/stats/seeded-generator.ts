/**
 * Chance for resampling, from a seed, so that the same question has the same answer: mulberry32 (Tommy Ettinger, public
 * domain), 32 bits of state, period 2^32. Enough to choose blocks of a bootstrap, and for nothing that must be secret.
 */

/** Yields numbers in [0, 1). */
export type Uniform = () => number;

export function seededUniform(seed: number): Uniform {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  };
}

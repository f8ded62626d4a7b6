/** Chance for intervals by resampling: the same question has the same answer, because each figure draws from its own name. */
import { seededUniform, type Uniform } from '@tapewatch/core';

/** FNV-1a of the name is the seed. */
export function chanceOf(name: string): Uniform {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return seededUniform(hash);
}

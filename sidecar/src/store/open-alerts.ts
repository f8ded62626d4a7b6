/** Which transitions describe alerts that are still open: the latest of their (group, rule, labels), revised ones aside, not inactive. */
import type { TransitionRow } from '../ports.ts';

export function transitionKey({ group, rule, labels }: TransitionRow): string {
  return JSON.stringify([group, rule, labels.key]);
}

export function isOpen({ to }: TransitionRow): boolean {
  return to !== 'inactive';
}

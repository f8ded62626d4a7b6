import type { Labels } from '@tapewatch/core';
import { INTERNED_MAX, LabelInterner } from './label-interner.ts';

const context = {};
const labelsOf = (interner: LabelInterner, i: number): Labels => interner.intern('up', { i }, context) as Labels;

describe('the interner of labels', () => {
  it('forgets what was not used for two generations, and keeps what is in use', () => {
    const interner = new LabelInterner();
    const [idle, used] = [labelsOf(interner, -1), labelsOf(interner, -2)];
    for (let i = 0; i < 3 * INTERNED_MAX; i++) {
      labelsOf(interner, i);
      if (i % 1000 === 0) labelsOf(interner, -2);
    }
    expect(labelsOf(interner, -2)).toBe(used);
    expect(labelsOf(interner, -1)).not.toBe(idle);
    expect(labelsOf(interner, -1).key).toBe(idle.key);
  });

  it('keeps contexts apart', () => {
    const interner = new LabelInterner();
    const keys = [{}, { a: '1' }, { a: '2' }, { b: '1' }].map(
      (labels) => (interner.intern('up', { c: '3' }, labels) as Labels).key,
    );
    expect(new Set(keys).size).toBe(4);
  });
});

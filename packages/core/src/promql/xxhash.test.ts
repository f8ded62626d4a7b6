import { Labels } from '../model/labels.ts';
import { sampleOffset, xxhash64 } from './xxhash.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('xxhash64', () => {
  // Digests of the reference implementation (xxhsum 0.8, seed 0).
  it.each([
    ['', 'ef46db3751d8e999'],
    ['a', 'd24ec4f1a98c6e5b'],
    ['as', '1c330fb2d66be179'],
    ['asd', '631c37ce72a97393'],
    ['asdf', '415872f599cea71e'],
    ['Call me Ishmael. Some years ago--never mind how long precisely-', '02a2e85470d6fd96'],
  ])('of %j is %s', (text, digest) => {
    expect(xxhash64(bytes(text)).toString(16).padStart(16, '0')).toBe(digest);
  });
});

it('gives a label set its place between 0 and 1, also with a value too long for one length byte', () => {
  for (const value of ['x', 'y'.repeat(300)]) {
    const offset = sampleOffset(Labels.from({ __name__: 'm', label: value }));
    expect(offset).toBeGreaterThanOrEqual(0);
    expect(offset).toBeLessThanOrEqual(1);
  }
});

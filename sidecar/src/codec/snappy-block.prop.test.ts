/** The block decoder reads what a published compressor writes, and ends on everything else (PERFORMANCE.md 6, row 22). */
import fc from 'fast-check';
import { compress } from 'snappyjs';
import { Fault } from './problem.ts';
import { decodeSnappyBlock } from './snappy-block.ts';

const MAX = 1_000_000;

describe('a snappy block', () => {
  it('is read back, with repeats and without', () => {
    const word = fc.constantFrom('order_ack_seconds', 'XNAS', 'venue', '\0', 'x'.repeat(90));
    const plain = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      fc.array(word, { maxLength: 200 }).map((words) => Buffer.from(words.join(''))),
    );
    fc.assert(
      fc.property(plain, (bytes) => {
        const read = decodeSnappyBlock(compress(bytes), MAX);
        expect(read instanceof Fault ? read.detail : Buffer.from(read)).toEqual(bytes);
      }),
    );
  });

  it('takes no memory for what it only claims to be', () => {
    const claim = (length: number): Buffer => {
      const bytes: number[] = [];
      for (let rest = length; ; rest = Math.floor(rest / 128)) {
        if (rest < 128) return Buffer.from([...bytes, rest, 0, 1]);
        bytes.push((rest % 128) | 128);
      }
    };
    expect(decodeSnappyBlock(claim(2 ** 31), MAX)).toMatchObject({ reason: 'too_large' });
    expect(decodeSnappyBlock(claim(999_999), MAX)).toMatchObject({ reason: 'syntax' });
    expect(decodeSnappyBlock(compress(Buffer.alloc(MAX + 1)), MAX)).toMatchObject({ reason: 'too_large' });
  });

  it.each([
    ['a literal whose length is negative as 32 bits', [10, 0xfc, 0xf0, 0xff, 0xff, 0xff, 1]],
    ['a copy from before the start', [4, 0x01, 0x05]],
    ['a copy at no distance', [4, 0x00, 65, 0x02, 0x00, 0x00]],
    ['no end of the length', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ['nothing', []],
  ])('of %s is refused', (_name, bytes) => {
    expect(decodeSnappyBlock(Uint8Array.from(bytes), MAX)).toMatchObject({ reason: 'syntax' });
  });

  it('ends on arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const read = decodeSnappyBlock(bytes, MAX);
        expect(read instanceof Fault || read.length <= MAX).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });
});

import fc from 'fast-check';
import { splitStamp } from './split-stamp.ts';

it('equals the division of integers, also right at and beside whole seconds', () => {
  const second = fc.bigInt({ min: 1n, max: 9_223_372_035n });
  const stamp = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
    fc.tuple(second, fc.bigInt({ min: -600n, max: 600n })).map(([s, off]) => s * 1_000_000_000n + off),
  );
  fc.assert(
    fc.property(stamp, (timeNanos) => {
      const into = { seconds: 0, nanos: 0 };
      splitStamp(timeNanos, into);
      expect(into).toEqual({
        seconds: Number(timeNanos / 1_000_000_000n),
        nanos: Number(timeNanos % 1_000_000_000n),
      });
    }),
  );
});

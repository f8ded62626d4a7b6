import { Labels } from '@tapewatch/core';
import type { Batch } from '../../ports.ts';
import { LiveHead } from './live-head.ts';

const SECOND = 1_000_000_000n;
const T0 = 1_700_000_000n * SECOND;
const EMPTY: Omit<Batch, 'samples'> = {
  series: [{ id: 1, labels: Labels.from({ __name__: 'x' }), kind: 'gauge', stream: 's', unit: '', help: '' }],
  histograms: [],
  windows: [],
  events: [],
  transitions: [],
  positions: [],
  sealed: [],
};

/** Takes one batch of `samples` samples in every 10 s and yields how far back the head is complete, in seconds. */
function keptSeconds(samples: number, options: { keepSeconds: bigint; maxSamples: number }): bigint {
  let now = T0;
  const head = new LiveHead(
    { keepNanos: options.keepSeconds * SECOND, maxSamples: options.maxSamples, startNanos: T0, now: () => now },
    [],
  );
  for (let i = 0; i < 30; i++) {
    now += 10n * SECOND;
    head.append({
      ...EMPTY,
      samples: {
        seriesIds: new Uint32Array(samples).fill(1),
        timesNanos: new BigInt64Array(samples).fill(now),
        values: new Float64Array(samples).fill(i),
      },
    });
  }
  return (now - head.completeSinceNanos) / SECOND;
}

it('keeps as much as it is told', () => {
  expect(keptSeconds(5, { keepSeconds: 120n, maxSamples: 1_000 })).toBe(120n);
});

it('keeps less when there would be too many samples, but always the newest', () => {
  expect(keptSeconds(50, { keepSeconds: 120n, maxSamples: 200 })).toBe(40n);
  expect(keptSeconds(500, { keepSeconds: 120n, maxSamples: 200 })).toBe(10n);
});

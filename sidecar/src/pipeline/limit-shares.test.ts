import { Labels, METRIC_NAME } from '@tapewatch/core';
import { LimitShares } from './limit-shares.ts';

const ACKS = Labels.from({ [METRIC_NAME]: 'ack_seconds', venue: 'XNAS' });

it('names one series for each limit, with all labels of the metric, and asks for it once', () => {
  const asked: string[] = [];
  const shares = new LimitShares({ ack_seconds: [0.01, 0.25] }, (ref) => (ref === 7 ? ACKS : undefined));
  const intern = ({ labels }: { labels: Labels }): number => asked.push(labels.toString()) + 100;
  const expected = [
    { ref: 101, limit: 0.01 },
    { ref: 102, limit: 0.25 },
  ];
  expect(shares.of(7, intern)).toEqual(expected);
  expect(shares.of(7, intern)).toEqual(expected);
  expect(asked).toEqual([
    'ack_seconds_within{limit="0.01", venue="XNAS"}',
    'ack_seconds_within{limit="0.25", venue="XNAS"}',
  ]);
});

it('asks again for what was refused, and has nothing for metrics without limits', () => {
  const shares = new LimitShares({ ack_seconds: [0.01] }, (ref) =>
    ref === 1 ? ACKS : Labels.from({ [METRIC_NAME]: 'other' }),
  );
  expect(shares.of(1, () => -1)).toEqual([{ ref: -1, limit: 0.01 }]);
  expect(shares.of(1, () => 5)).toEqual([{ ref: 5, limit: 0.01 }]);
  expect(shares.of(2, () => 6)).toEqual([]);
  expect(new LimitShares({}, () => ACKS).of(1, () => 6)).toEqual([]);
});

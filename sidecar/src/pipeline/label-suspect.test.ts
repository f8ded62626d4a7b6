import { Labels, type SeriesDefinition } from '@tapewatch/core';
import { LabelSuspect } from './label-suspect.ts';

function created(suspect: LabelSuspect, id: number, labels: Record<string, string>): void {
  suspect.created({
    id,
    labels: Labels.from(labels),
    kind: 'gauge',
    stream: 's',
    unit: '',
    help: '',
  } as SeriesDefinition);
}

it('names the label with the most values among the series that were created last, and looks again once a second', () => {
  const suspect = new LabelSuspect();
  expect(suspect.tell(1)).toBe('no series was created lately');
  for (let i = 0; i < 300; i++) {
    created(suspect, i, { __name__: 'acks', venue: `v${i % 5}`, order_id: `o${i}`, desk: `d${i % 50}` });
  }
  expect(suspect.tell(1)).toBe('no series was created lately');
  expect(suspect.tell(2)).toBe('label order_id has 300 values in the last 300 series');
  // The flood has another source now: the earlier one is forgotten after 2,048 series.
  for (let i = 0; i < 3_000; i++) created(suspect, i, { __name__: 'acks', order_id: 'one', pod: `p${i}` });
  expect(suspect.tell(3)).toBe('label pod has 2048 values in the last 2048 series');
});

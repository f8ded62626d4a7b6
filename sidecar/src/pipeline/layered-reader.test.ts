import { Labels, METRIC_NAME, type SeriesData, type SeriesDefinition } from '@tapewatch/core';
import type { StoreReader } from '../ports.ts';
import { Handover } from './handover.ts';
import { LayeredReader, type Head } from './layered-reader.ts';

const labels = Labels.from({ [METRIC_NAME]: 'm' });
const REQUEST = { matchers: [], startMs: 1_000, endMs: 9_000, resolutionMs: 0 };

function dataFrom(source: string): SeriesData[] {
  return [{ labels, timesMs: [source === 'head' ? 1 : 2], values: [0] }];
}

function definitionFrom(source: string): SeriesDefinition[] {
  return [{ id: source === 'head' ? 1 : 2, labels, kind: 'gauge', stream: 's', unit: '', help: '' }];
}

/** `endsAt`: where the head is complete from after it has answered. */
function readerOver(since: number, endsAt = since): LayeredReader {
  const head: Head & { completeSinceMs: number } = {
    completeSinceMs: since,
    select: async () => ((head.completeSinceMs = endsAt), dataFrom('head')),
    series: async () => ((head.completeSinceMs = endsAt), definitionFrom('head')),
  };
  const store = { select: async () => dataFrom('store'), series: async () => definitionFrom('store') };
  return new LayeredReader(head, store as unknown as StoreReader, new Handover());
}

describe('LayeredReader', () => {
  it.each([
    ['memory that holds all of the range', readerOver(1_000), 'head'],
    ['the store where memory begins later', readerOver(1_001), 'store'],
    ['the store when memory forgot a part while it was being read', readerOver(1_000, 1_001), 'store'],
  ])('answers from %s', async (_, reader, source) => {
    expect(await reader.select(REQUEST)).toEqual(dataFrom(source));
    expect(await reader.series([], REQUEST.startMs, REQUEST.endMs)).toEqual(definitionFrom(source));
  });
});

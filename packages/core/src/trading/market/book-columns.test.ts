import { bookRequest, bookRows, noBooks } from './book-columns.ts';

it('names each feed once, and makes a row of each stamp that has a quote', () => {
  const asked = [
    { venue: 'XNAS', symbol: 'ACME', timeNanos: 5n },
    { venue: 'XNAS', symbol: 'IBM', timeNanos: 3n },
    { venue: 'XNAS', symbol: 'ACME', timeNanos: 4n },
  ];
  const request = bookRequest(asked);
  expect(request.feeds).toEqual([
    { venue: 'XNAS', symbol: 'ACME' },
    { venue: 'XNAS', symbol: 'IBM' },
  ]);
  expect([[...request.feed], [...request.stampsNanos]]).toEqual([
    [0, 1, 0],
    [5n, 3n, 4n],
  ]);
  const books = noBooks(3);
  books.timesNanos[1] = 2n;
  books.bids[1] = 10;
  books.bidSizes[1] = 0;
  expect(bookRows(request, books)).toEqual([
    null,
    { table: 'quotes', timeNanos: 2n, venue: 'XNAS', symbol: 'IBM', bid: 10, bidSize: 0, ask: null, askSize: null },
    null,
  ]);
});

import { reportTable, type Column } from './trading-table.ts';

interface Row {
  readonly group: readonly string[];
  readonly currency: string;
  readonly price: number | null;
}

const PRICE: Column<Row> = { name: 'price', value: ({ price }) => price, description: 'Of it.', unit: 'price' };

function priced(...prices: (number | null)[]) {
  const rows = prices.map((price): Row => ({ group: ['X'], currency: '', price }));
  return reportTable(rows, ['venue'], [PRICE], { executedQuery: '', notices: [] }).fields[1];
}

describe('prices in a table', () => {
  it.each([
    [[213.27513, 548.1], 3],
    [[60_123.456], 1],
    [[1.083451], 5],
    [[0.000_012_34], 10],
    [[1_234_567], 0],
    [[null, 0, -37.6], 4],
    [[null], 2],
  ])('%j has %d decimals, and is never written in thousands', (prices, decimals) => {
    expect(priced(...prices)).toMatchObject({ unit: 'locale', decimals });
  });
});

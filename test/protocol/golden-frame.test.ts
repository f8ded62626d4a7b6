/**
 * Golden frames: one per query type, plus empty and error, as Grafana receives them. Each file shows the table first and
 * the frame's metadata after it. UPDATE_GOLDEN=1 rewrites them; the difference is reviewed like code.
 */
import { tableFromIPC, type Table as ArrowTable } from 'apache-arrow';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TapewatchError } from '../../sidecar/src/errors.ts';
import { encodeFrame } from '../../sidecar/src/grafana/frame.ts';
import { fakeQueryService, START_MS } from './fake-desk.ts';

const FOLDER = join(__dirname, '../../sidecar/src/grafana/golden');
const ENVELOPE = {
  startMs: START_MS,
  endMs: START_MS + 30_000,
  intervalMs: 10_000,
  maxDataPoints: 100,
  fromAlert: false,
};

const CASES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'promql-time-series': { queryType: 'promql', expr: 'queue_bytes' },
  'promql-legend': { queryType: 'promql', expr: 'queue_bytes[$__rate_interval]', legendFormat: '{{venue}} / {{none}}' },
  'promql-instant': { queryType: 'promql', expr: 'queue_bytes', instant: true },
  'promql-table': { queryType: 'promql', expr: 'queue_bytes', format: 'table' },
  'promql-heatmap': { queryType: 'promql', expr: 'sum by (venue) (rate(order_ack_seconds[10s]))', format: 'heatmap' },
  'promql-histogram-as-number': { queryType: 'promql', expr: 'rate(order_ack_seconds[10s])' },
  'promql-empty': { queryType: 'promql', expr: 'nothing' },
  'promql-error': { queryType: 'promql', expr: 'sum(' },
  'invalid-error': { queryType: 'pnl', method: 'lifo', by: ['colour'] },
  slippage: { queryType: 'slippage' },
  'slippage-time-series': { queryType: 'slippage', by: ['side'], format: 'time_series' },
  execution: { queryType: 'execution', by: ['venue'] },
  'execution-time-series': { queryType: 'execution', by: [], figure: 'fill_rate', format: 'time_series' },
  'execution-opportunities': { queryType: 'execution', format: 'opportunities' },
  markouts: { queryType: 'markouts', horizonsMs: [1_000, 60_000] },
  'impact-fits': { queryType: 'impact', format: 'fits' },
  market: { queryType: 'market' },
  pnl: { queryType: 'pnl' },
  'pnl-time-series': { queryType: 'pnl', by: [], method: 'fifo', format: 'time_series' },
  'pnl-empty': { queryType: 'pnl', filters: { venue: ['NONE'] } },
  performance: { queryType: 'performance', bar: '1m', year: 'crypto' },
  'performance-time-series': { queryType: 'performance', by: [], format: 'time_series', figure: 'drawdown_money' },
  'performance-tracker': {
    queryType: 'performance',
    by: [],
    trades: 'closing-fill',
    format: 'tracker',
    maxPositions: 4,
  },
  'performance-empty': { queryType: 'performance', filters: { venue: ['NONE'] } },
  risk: { queryType: 'risk' },
  'risk-limits': { queryType: 'risk', format: 'limits', limits: { gross: 1_000, leverage: 0.01 } },
  'risk-portfolio': { queryType: 'risk', by: ['venue'], format: 'portfolio' },
  'latency-attribution-too-few': { queryType: 'latency_attribution' },
  trace: { queryType: 'trace', orderId: 'o1' },
  'market-or-us-warming-up': { queryType: 'market_or_us', filters: { venue: ['XNAS'] }, windowMs: 10_000 },
  alerts: { queryType: 'alerts' },
  'alerts-history': { queryType: 'alerts', state: 'history' },
  'events-fills': { queryType: 'events', table: 'fills', limit: 2 },
  'events-quotes': { queryType: 'events', table: 'quotes' },
  'events-dead-letters': { queryType: 'events', table: 'dead_letters' },
};

describe('golden frames', () => {
  it.each(Object.keys(CASES))('%s', async (name) => {
    const seen = await render(CASES[name] ?? {});
    const file = join(FOLDER, `${name}.txt`);
    if (process.env['UPDATE_GOLDEN'] !== undefined) {
      mkdirSync(FOLDER, { recursive: true });
      writeFileSync(file, seen);
    }
    expect(existsSync(file) ? readFileSync(file, 'utf8') : `${name}.txt is missing; run with UPDATE_GOLDEN=1`).toBe(
      seen,
    );
  });

  it('has no stale file', () => {
    const expected = Object.keys(CASES).map((name) => `${name}.txt`);
    expect(readdirSync(FOLDER).sort()).toEqual(expected.sort());
  });
});

async function render(query: Readonly<Record<string, unknown>>): Promise<string> {
  try {
    const tables = await fakeQueryService().run(query, ENVELOPE);
    return tables.map((table) => renderFrame(tableFromIPC(encodeFrame(table, { refId: 'A' })))).join('\n');
  } catch (error) {
    if (error instanceof TapewatchError) return `error ${error.httpStatus} ${error.code}\n${error.message}\n`;
    throw error;
  }
}

function renderFrame(frame: ArrowTable): string {
  const { fields, metadata } = frame.schema;
  const columns = fields.map(({ name }, i) => [name, ...cellsOf(frame, i)]);
  const widths = columns.map((cells) => Math.max(...cells.map(({ length }) => length)));
  const lines = (columns[0] ?? []).map((_, row) => {
    return columns
      .map((cells, i) => (cells[row] ?? '').padEnd(widths[i] ?? 0))
      .join(' | ')
      .trimEnd();
  });
  const meta = {
    name: metadata.get('name'),
    refId: metadata.get('refId'),
    meta: JSON.parse(metadata.get('meta') ?? '{}') as unknown,
    fields: fields.map(({ name, type, metadata: of }) => ({
      name,
      type: String(type),
      ...(of.has('labels') ? { labels: JSON.parse(of.get('labels') ?? '') as unknown } : {}),
      ...(of.has('config') ? { config: JSON.parse(of.get('config') ?? '') as unknown } : {}),
    })),
  };
  return `${lines.length === 0 ? '(no fields)' : lines.join('\n')}\n${JSON.stringify(meta, null, 2)}\n`;
}

/** Arrow yields timestamps as milliseconds, so the nanoseconds are read from the buffer. */
function cellsOf(frame: ArrowTable, index: number): string[] {
  const column = frame.getChildAt(index);
  const isTime = String(frame.schema.fields[index]?.type).startsWith('Timestamp');
  const raw: unknown = column?.data[0]?.values;
  return Array.from({ length: frame.numRows }, (_, row) => {
    const value: unknown = column?.get(row);
    if (value === null) return 'null';
    if (value instanceof Uint8Array) return Buffer.from(value).toString();
    return isTime && raw instanceof BigInt64Array ? String(raw[row]) : String(value);
  });
}

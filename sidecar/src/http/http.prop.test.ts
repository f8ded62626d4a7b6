import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { errorEnvelope } from '@tapewatch/contract';
import { buildHttpServer } from './server.ts';
import { fixture, settingsWith } from './testing/fixture.ts';
import { formatValue } from './prometheus-json.ts';
import { MAX_TIME_MS, parseTimeMs } from './parameter.ts';

const ROUTES = [
  '/api/v1/query',
  '/api/v1/query_range',
  '/api/v1/labels',
  '/api/v1/label/venue/values',
  '/api/v1/series',
  '/api/v1/metadata',
  '/api/v1/rules',
  '/api/v1/alerts',
  '/api/v1/trading/slippage',
  '/api/v1/trading/pnl',
  '/api/v1/trading/query',
  '/api/v1/dead-letters',
];
const NAMES = [
  'query',
  'time',
  'start',
  'end',
  'step',
  'limit',
  'timeout',
  'lookback_delta',
  'stats',
  'match[]',
  'from',
  'to',
  'by',
  'document',
  'group_limit',
  '__proto__',
];
const VALUES = [
  'm',
  'sum(',
  '1e999',
  'NaN',
  '-0',
  '9'.repeat(40),
  '2027-13-45T99:99:99Z',
  '1y',
  '{a="b"}',
  '{"queryType":"risk"}',
  "'; DROP TABLE x; --",
  '%',
  '\u0000',
];

let app: FastifyInstance;
beforeAll(async () => {
  app = await buildHttpServer(fixture().deps, settingsWith({ rateLimit: { requests: 1_000_000 } }));
});
afterAll(() => app.close());

describe('arbitrary requests', () => {
  const pair = fc.tuple(
    fc.oneof(fc.constantFrom(...NAMES), fc.string({ maxLength: 8 })),
    fc.oneof(fc.constantFrom(...VALUES), fc.string({ maxLength: 20, unit: 'binary' }), fc.double().map(String)),
  );

  it('never end in a fault of ours, by GET or by a form', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...ROUTES),
        fc.array(pair, { maxLength: 6 }),
        fc.boolean(),
        async (url, pairs, isForm) => {
          const text = pairs.map(([name, value]) => `${escape(name)}=${escape(value)}`).join('&');
          const response = await app.inject(
            isForm
              ? { method: 'POST', url, payload: text, headers: { 'content-type': 'application/x-www-form-urlencoded' } }
              : { method: 'GET', url: `${url}?${text}` },
          );
          expect(response.statusCode).toBeLessThan(500);
          if (response.statusCode === 200) expect(response.json()).toMatchObject({ status: 'success' });
          else errorEnvelope.strict().parse(response.json());
        },
      ),
      { numRuns: 200 },
    );
  });

  it('nor do arbitrary bytes as a body of any type', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom(
          'application/x-www-form-urlencoded',
          'application/json',
          'text/plain',
          'x',
          'multipart/form-data',
        ),
        async (bytes, type) => {
          const response = await app.inject({
            method: 'POST',
            url: '/api/v1/query',
            payload: Buffer.from(bytes),
            headers: { 'content-type': type },
          });
          expect(response.statusCode).toBeLessThan(500);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('numbers and times', () => {
  it('are written so that they read back to the same number', () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        const read = formatValue(value).replace('+Inf', 'Infinity').replace('-Inf', '-Infinity');
        expect(Number(read)).toBe(value);
      }),
    );
  });

  it('parse to a time inside the store’s range, or are refused', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.double().map(String), fc.integer().map(String)), (text) => {
        try {
          expect(Math.abs(parseTimeMs('time', text))).toBeLessThanOrEqual(MAX_TIME_MS);
        } catch (error) {
          expect(error).toMatchObject({ code: 'query.invalid' });
        }
      }),
    );
  });
});

/** `encodeURIComponent` refuses lone surrogates; those go as they are. */
function escape(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    return encodeURIComponent(text.replace(/[\ud800-\udfff]/g, '?'));
  }
}

import { Labels } from '@tapewatch/core';
import { latencyExplanation } from './alert-explanation.ts';
import { ENVELOPE, QUIET_DESK, readerOver, serviceOver, SLOW_DESK } from './testing/latency-desk.ts';

const explain = latencyExplanation(readerOver(SLOW_DESK));
const VENUE = Labels.from({ alertname: 'OrderLatencyHigh', venue: 'V', severity: 'WARNING' });

it('names the slow hop, its share, the orders touched and their cost in bps and money', async () => {
  const told = await explain(VENUE, ENVELOPE);
  expect(told).toMatchObject({ slow_hop: 'gateway: route', orders_touched: '99' });
  expect(Number.parseInt(told['slow_hop_share'] ?? '', 10)).toBeGreaterThan(90);
  // 4 ms more for one order in ten, at 0.5 bps a millisecond, on 1,000 orders of 100 dollars.
  expect(Number(told['cost_bps']) / 0.2).toBeCloseTo(1, 0);
  expect(told['cost']).toMatch(/^\d\.\d\d USD$/);
  expect(Number.parseFloat(told['cost'] ?? '') / 2).toBeCloseTo(1, 0);
  // The hundredth of 1,000 orders is too few, so the tail is the twentieth.
  expect(told['explanation']).toMatch(/^beyond p95: gateway: route slow: \d+ % of/);
});

it('points at a slow order, whose events and trace its correlation id finds', async () => {
  const { correlation_id: correlationId = '', order_id: orderId = '' } = await explain(VENUE, ENVELOPE);
  expect(Number(orderId.slice(1)) % 10).toBe(0);
  const service = serviceOver(SLOW_DESK);
  const [trace] = await service.run({ queryType: 'trace', correlationId }, ENVELOPE);
  const durations = [...(trace?.fields.find(({ name }) => name === 'duration')?.values ?? [])].map(Number);
  expect(Math.max(...durations)).toBeGreaterThan(5);
  const [events] = await service.run({ queryType: 'events', table: 'orders', limit: 10_000 }, ENVELOPE);
  const ids: readonly unknown[] = [...(events?.fields.find(({ name }) => name === 'correlationId')?.values ?? [])];
  expect(ids).toContain(correlationId);
});

it('says that nothing is slow, or that the labels leave too few orders to tell', async () => {
  expect(await latencyExplanation(readerOver(QUIET_DESK))(VENUE, ENVELOPE)).toEqual({
    explanation: expect.stringMatching(/^beyond p95: no hop is slow: 1000 orders/),
  });
  expect(await explain(Labels.from({ venue: 'nowhere' }), ENVELOPE)).toEqual({
    explanation: expect.stringMatching(/^beyond p90: cannot tell: the tail needs 50 orders/),
  });
});

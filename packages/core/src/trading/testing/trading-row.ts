/** For tests: rows with everything that a test does not care about filled in. Times in seconds. */
import type { Fill, OrderEvent, Quote } from '../../model/event.ts';
import { nanos, type Nanos } from '../../model/time.ts';

export function at(seconds: number): Nanos {
  return nanos(BigInt(Math.round(seconds * 1e9)));
}

export function fillRow(part: Partial<Fill> = {}): Fill {
  return {
    ...{ table: 'fills', id: 'f', timeNanos: at(10), orderId: 'o', venue: 'XNAS', symbol: 'AMD', strategy: 's' },
    ...{ account: '', side: 'buy', quantity: 1, price: 101, currency: 'USD', fee: 0, feeCurrency: 'USD' },
    ...{ liquidity: '', execution: 'new', refersTo: '' },
    ...part,
  };
}

export function orderRow(part: Partial<OrderEvent> = {}): OrderEvent {
  return {
    ...{ table: 'orders', id: 'o-new', timeNanos: at(9), orderId: 'o', event: 'new', sentNanos: null },
    ...{ venue: 'XNAS', symbol: 'AMD', strategy: 's', account: '', side: 'buy', orderType: 'limit' },
    ...{ quantity: 1, price: null, filledQuantity: 0, arrivalMid: null, decisionNanos: null, decisionMid: null },
    ...{ reason: '', correlationId: '' },
    ...part,
  };
}

export function quoteRow(part: Partial<Quote> = {}): Quote {
  return {
    ...{ table: 'quotes', timeNanos: at(8), exchangeNanos: null, venue: 'XNAS', symbol: 'AMD' },
    ...{ bid: 99, bidSize: null, ask: 101, askSize: null, sequence: null },
    ...part,
  };
}

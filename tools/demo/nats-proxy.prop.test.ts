import fc from 'fast-check';
import { ClientFilter, dropEvery, stretchLatency, type Tamper } from './nats-proxy.ts';

const operations = fc.array(
  fc.oneof(
    fc.constant('PING\r\n'),
    fc.constant('SUB _INBOX.x 1\r\n'),
    fc.string().map((text) => `PUB tw.metrics.x ${Buffer.byteLength(text)}\r\n${text}\r\n`),
    fc.string().map((text) => {
      const headers = 'NATS/1.0\r\nNats-Msg-Id: 7\r\n\r\n';
      return `HPUB tw.orders.X.s _INBOX.r ${headers.length} ${headers.length + Buffer.byteLength(text)}\r\n${headers}${text}\r\n`;
    }),
  ),
);

/** Feeds the bytes in pieces of the given sizes. */
function pass(tamper: Tamper, input: string, sizes: readonly number[]): string {
  const filter = new ClientFilter(tamper);
  const bytes = Buffer.from(input);
  const out: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] as number;
    out.push(filter.pass(bytes.subarray(at, at + size)));
    at += size;
  }
  return Buffer.concat(out).toString();
}

it('changes nothing unless told to, however the bytes are cut', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 });
  fc.assert(
    fc.property(operations, sizes, (parts, cuts) => {
      const input = parts.join('');
      expect(pass(({ payload }) => payload, input, cuts)).toBe(input);
    }),
  );
});

it('drops every n-th message that is not durable, and no other', () => {
  const metric = (i: number): string => `PUB tw.metrics.x 1\r\n${i}\r\n`;
  const order = 'PUB tw.orders.X.s 1\r\no\r\n';
  const input = [0, 1, 2, 3, 4, 5].map((i) => metric(i) + order).join('');
  const output = [0, 1, 3, 4].map(metric);
  const passed = pass(dropEvery(3), input, [1_000]);
  expect(passed.split(order).join('')).toBe(output.join(''));
  expect(passed.split(order).length).toBe(7);
});

it('stretches the answers of a venue and keeps the headers', () => {
  const step = (event: string, time: string): string => JSON.stringify({ event, time, sent_time: '1000' });
  const headers = 'NATS/1.0\r\nNats-Msg-Id: 7\r\n\r\n';
  const publish = (payload: string): string =>
    `HPUB tw.orders.X.s _INBOX.r ${headers.length} ${headers.length + payload.length}\r\n${headers}${payload}\r\n`;
  const input = publish(step('new', '1000')) + publish(step('ack', '1400'));
  const output =
    publish(step('new', '1000')) + publish(JSON.stringify({ event: 'ack', time: '1500', sent_time: '1000' }));
  expect(pass(stretchLatency(1.25), input, [7])).toBe(output);
});

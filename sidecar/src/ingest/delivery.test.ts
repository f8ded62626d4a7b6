import { DeliveryReader } from './delivery.ts';

describe('DeliveryReader', () => {
  const reader = new DeliveryReader('ORDERS', 'tapewatch-orders-a');

  it.each([
    ['the form of NATS 2.9', '$JS.ACK.ORDERS.tapewatch-orders-a.2.1753612200.77.1753612200123456789.4'],
    [
      'the form with domain and account',
      '$JS.ACK.hub.ABCDEF.ORDERS.tapewatch-orders-a.2.1753612200.77.1753612200123.4.x',
    ],
  ])('reads %s', (_, reply) => {
    expect(reader.read(reply)).toBe(true);
    expect(reader).toMatchObject({ timesDelivered: 2, streamSequence: 1_753_612_200, consumerSequence: 77 });
  });

  it.each(['', '_INBOX.x', '$JS.ACK.ORDERS.other.1.2.3.4.5', '$JS.ACK.ORDERS.tapewatch-orders-a.1.x.3.4.5'])(
    'refuses "%s"',
    (reply) => expect(reader.read(reply)).toBe(false),
  );
});

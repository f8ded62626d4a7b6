import { DEFAULT_STREAMS, natsOptions, streamOptions, streamsOptions } from './options.ts';
import { compileStream, SUBJECTS_MAX } from './stream.ts';

const messagesOf = (result: {
  success: boolean;
  error?: { issues: { message: string; path: PropertyKey[] }[] };
}): string[] => (result.error?.issues ?? []).map(({ message, path }) => `${path.join('.')}: ${message}`);

describe('settings of NATS', () => {
  it('has defaults that reach a local server', () => {
    expect(natsOptions.parse({})).toEqual({
      servers: ['nats://127.0.0.1:4222'],
      name: 'tapewatch',
      waitForServer: true,
      pullBatch: 1_000,
      pingInterval: 8_000,
      reconnectWait: 500,
    });
  });

  it.each([
    [{ user: 'u' }, 'password: user and password go together'],
    [{ token: 't', nkeySeed: 'SU' }, 'nkeySeed: one way to authenticate, not token and nkeySeed'],
    [{ tls: { certFile: 'a' } }, 'tls: certFile and keyFile go together'],
    [
      { servers: ['nats://u:p@h:1'] },
      'servers.0: must be nats://host:port or tls://host:port, without credentials in it',
    ],
    [{ reconnectWait: 'soon' }, 'reconnectWait: must be a duration such as 500ms, 30s, 5m or 24h'],
    [{ tls: { insecure: true } }, 'tls: Unrecognized key: "insecure"'],
  ])('refuses %j and says why', (input, message) => {
    expect(messagesOf(natsOptions.safeParse(input))).toEqual([message]);
  });
});

describe('settings of streams', () => {
  it('reads the subjects of docs/wire.md by default', () => {
    expect(
      streamsOptions
        .parse(undefined)
        .map((stream) => [stream.name, stream.payload, stream.delivery, compileStream(stream).filter]),
    ).toEqual([
      ['metrics', 'metric', 'core', 'tw.metrics.>'],
      ['orders', 'order', 'jetstream', 'tw.orders.>'],
      ['fills', 'fill', 'jetstream', 'tw.fills.>'],
      ['quotes', 'quote', 'core', 'tw.quotes.>'],
      ['trades', 'trade', 'core', 'tw.trades.>'],
      ['book', 'book', 'core', 'tw.book.>'],
      ['positions', 'position', 'jetstream', 'tw.positions.>'],
      ['signals', 'signal', 'jetstream', 'tw.signals.>'],
      ['cash', 'cash', 'jetstream', 'tw.cash.>'],
      ['fx', 'fx', 'jetstream', 'tw.fx.>'],
      ['exchange', 'exchange', 'core', 'tw.exchange.>'],
      ['spans', 'span', 'core', 'tw.spans.>'],
      ['health', 'health', 'core', 'tw.health.>'],
      ['events', 'event', 'core', 'tw.events.>'],
      ['logs', 'event', 'core', 'tw.logs.>'],
    ]);
  });

  it('turns durations into milliseconds', () => {
    const [metrics, orders, , quotes] = streamsOptions.parse(DEFAULT_STREAMS);
    expect(metrics).toMatchObject({ watermarkDelay: 1_000, lateness: 3_600_000 });
    expect(quotes).toMatchObject({ lateness: 3_600_000 });
    expect(orders?.jetstream).toMatchObject({
      ackWait: 5_000,
      maxAckPending: 50_000,
      ensureStream: { maxAge: 86_400_000 },
    });
  });

  it.each([
    [{ name: 'a', subject: 'x.{bad name}' }, /subject: .*is not a label name/],
    [{ name: 'a', subject: 'x', delivery: 'jetstream' }, /jetstream: is required/],
    [{ name: 'a', subject: 'x', payload: 'order', codec: 'line' }, /codec: line carries metrics only/],
    [{ name: 'A b', subject: 'x' }, /name: must match/],
  ])('refuses %j and says why', (input, message) => {
    expect(messagesOf(streamOptions.safeParse(input)).join()).toMatch(message);
  });

  it('refuses two streams of one name', () => {
    const twice = [
      { name: 'a', subject: 'x' },
      { name: 'a', subject: 'y' },
    ];
    expect(messagesOf(streamsOptions.safeParse(twice))).toEqual(['1.name: stream name "a" stands twice']);
  });
});

describe('labels of a stream', () => {
  const stream = compileStream(
    streamOptions.parse({ name: 'md', subject: 'md.{venue}.{symbol}.quote', labels: { site: 'ny', venue: 'x' } }),
  );

  it('are the static ones and the tokens, which win; the same object for the same subject', () => {
    const labels = stream.labelsOf({ subject: 'md.XNAS.AAPL.quote' });
    expect(labels).toEqual({ site: 'ny', venue: 'XNAS', symbol: 'AAPL' });
    expect(stream.labelsOf({ subject: 'md.XNAS.AAPL.quote' })).toBe(labels);
  });

  it('are kept for a bounded number of subjects', () => {
    const first = stream.labelsOf({ subject: 'md.a.0.quote' });
    for (let i = 1; i <= SUBJECTS_MAX; i++) stream.labelsOf({ subject: `md.a.${i}.quote` });
    expect(stream.labelsOf({ subject: 'md.a.0.quote' })).not.toBe(first);
    expect(stream.labelsOf({ subject: 'md.a.0.quote' })).toEqual(first);
  });
});

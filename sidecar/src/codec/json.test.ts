import type { Labels } from '@tapewatch/core';
import { contextOf, decodeText, reasonsOf, RECEIVED, sampleText, testJsonCodec } from './testing/decode.ts';

const codec = testJsonCodec();
const decode = (text: string, labels: Record<string, string> = {}) =>
  decodeText(codec, text, contextOf('metric', labels));
const metric = (rest: object): string => JSON.stringify({ name: 'up', value: 1, ...rest });

describe('JSON metrics', () => {
  it('reads an object, with kind, exact time, unit and help', () => {
    const text = metric({
      type: 'counter',
      time: '1753612200123456789',
      labels: { a: 'x' },
      unit: 'bytes',
      help: 'H.',
    });
    const [sample] = decode(text).samples;
    expect(sampleText(sample!)).toBe('up{a="x"} counter 1 @1753612200123456789');
    expect(sample).toMatchObject({ unit: 'bytes', help: 'H.' });
  });

  it.each([
    ['by bytes', ''],
    ['by the careful way', '\uFEFF'],
  ])('keeps the trace of a number as an exemplar of its series, %s', (_, mark) => {
    const ids = { trace_id: '4bf92f3577b34da6a3ce929d0e0e4736', span_id: '00f067aa0ba902b7' };
    const list = [
      metric({ type: 'observation', value: 0.5, time: '1753612200000000001', labels: { a: 'x' }, ...ids }),
      metric({}),
      metric({ trace_id: '', span_id: null }),
      metric({ name: 'n_total', type: 'counter', value: 7, trace_id: 't' }),
    ];
    const { samples, problems, exemplars } = decode(`${mark}[${list.join(',')}]`);
    expect([samples.length, problems]).toEqual([4, []]);
    expect(exemplars).toEqual([
      `up{a="x"} 0.5 {trace_id=${ids.trace_id} span_id=${ids.span_id}} @1753612200000000001`,
      `n_total 7 {trace_id=t} @${RECEIVED}`,
    ]);
  });

  it('refuses ids that are too long, and names them', () => {
    const { samples, problems } = decode(metric({ trace_id: 'x'.repeat(65) }));
    expect([samples, problems[0]?.detail]).toEqual([[], expect.stringMatching(/^trace_id: /)]);
  });

  it('stamps with the time of receipt when there is none', () => {
    expect(decode(metric({})).samples[0]?.timeNanos).toBe(RECEIVED);
  });

  it('merges labels: the payload wins over the context, an empty value removes, scalars become text', () => {
    const text = metric({ labels: { venue: 'XNAS', code: 200, live: true, gone: '' } });
    const decoded = decode(text, { venue: 'from-subject', gone: 'x', site: 'ny' });
    expect(decoded.samples[0]?.labels.toRecord()).toEqual({
      __name__: 'up',
      venue: 'XNAS',
      code: '200',
      live: 'true',
      site: 'ny',
    });
  });

  it.each(['NaN', 'Infinity', '+Inf', '-Infinity', '-Inf'])('reads the text %s as a number', (value) => {
    const expected = { NaN: NaN, Infinity, '+Inf': Infinity, '-Infinity': -Infinity, '-Inf': -Infinity }[value];
    expect(decode(metric({ value })).samples[0]).toMatchObject({ value: expected });
  });

  it('loses only the bad item of an array, and shows it', () => {
    const { samples, problems } = decode(`[${metric({})}, {"name": "9lives", "value": 1}, ${metric({ value: 2 })}]`);
    expect(samples).toHaveLength(2);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.detail).toBe('name: must match [a-zA-Z_:][a-zA-Z0-9_:]*, got "9lives"');
    expect(Buffer.from(problems[0]!.excerpt).toString()).toBe('{"name":"9lives","value":1}');
  });

  it('reads NDJSON with blank lines and carriage returns, and loses only the bad line', () => {
    const { samples, problems } = decode(`${metric({})}\r\n\n{"name": \n${metric({ value: 3 })}\n`);
    expect(samples.map((sample) => sample.kind === 'gauge' && sample.value)).toEqual([1, 3]);
    expect(reasonsOf({ problems })).toEqual(['syntax']);
  });

  it('reads an object that is written over several lines, and a byte order mark', () => {
    expect(decode('\uFEFF{\n"name": "up",\n"value": 1\n}').samples).toHaveLength(1);
  });

  it.each<[string, string, RegExp]>([
    ['schema', metric({ value: '1' }), /^value: /],
    ['schema', '{"name": "up"}', /value is required/],
    ['schema', '{"name": "up", "value": 1e999}', /^value: /],
    ['schema', metric({ labels: { 'bad name': 'x' } }), /^labels.bad name: /],
    ['schema', metric({ labels: { __name__: 'x' } }), /__name__/],
    ['schema', '{"name": "up", "value": 1, "labels": {"__proto__": "x"}}', /__proto__/],
    ['schema', metric({ labels: { a: null } }), /^labels.a: .*got null/],
    ['schema', '"up 1"', /^message: .*got "up 1"/],
    ['schema', 'null', /^message: /],
    ['time', metric({ time: 'soon' }), /"soon"/],
    ['time_future', metric({ time: '1793612200000000000' }), /ahead of its receipt/],
    ['syntax', '{"name": "up"', /not JSON/],
    ['label_limit', metric({ labels: { a: 'x'.repeat(4097) } }), /labels.a: /],
    ['label_limit', metric({ labels: { a: 'ä'.repeat(2049) } }), /4098 bytes; at most 4096/],
    ['label_limit', metric({ labels: { ['a'.repeat(257)]: 'x' } }), /labels.a/],
    [
      'label_limit',
      metric({ labels: Object.fromEntries(Array.from({ length: 41 }, (_, i) => [`l${i}`, 'x'])) }),
      /more labels than the 40/,
    ],
  ])('says %s for %s', (reason, text, detail) => {
    const decoded = decode(text);
    expect(decoded.samples).toEqual([]);
    expect(reasonsOf(decoded)).toEqual([reason]);
    expect(decoded.problems[0]?.detail).toMatch(detail);
  });

  it('accepts 40 labels with those of the context, and refuses one more', () => {
    const labels = Object.fromEntries(Array.from({ length: 39 }, (_, i) => [`l${i}`, 'x']));
    expect(decode(metric({ labels }), { site: 'ny' }).samples).toHaveLength(1);
    expect(reasonsOf(decode(metric({ labels }), { site: 'ny', rack: '1' }))).toEqual(['label_limit']);
  });

  it('refuses bytes that are not UTF-8, and what is longer than 1 MiB', () => {
    expect(reasonsOf(codec.decode(Buffer.from('{"name":"up","help":"\xff"}', 'latin1'), contextOf()))).toEqual([
      'encoding',
    ]);
    expect(reasonsOf(decode(metric({ help: 'x'.repeat(1_048_576) })))).toEqual(['too_large']);
    expect(decode(metric({ labels: { sign: '\uFFFD' } })).samples).toHaveLength(1);
  });

  it('keeps 16 problems one by one and counts the rest, with short excerpts', () => {
    const { problems } = decode(`[${Array.from({ length: 50 }, () => `{"help": "${'x'.repeat(2000)}"}`).join()}]`);
    expect(problems).toHaveLength(17);
    expect(problems.at(-1)).toMatchObject({ reason: 'schema', items: 34 });
    expect(Math.max(...problems.map(({ excerpt }) => excerpt.length))).toBe(1024);
  });

  it('makes unpaired surrogates well-formed and keeps pairs, so that equal labels stay equal', () => {
    const [lone, pair] = ['\\ud800', '\\ud83d\\ude00'].map((value) =>
      decode(`{"name":"up","value":1,"labels":{"a":"${value}"}}`),
    );
    expect(lone?.samples[0]?.labels.get('a')).toBe('\uFFFD');
    expect(pair?.samples[0]?.labels.get('a')).toBe('\u{1F600}');
  });

  it('interns: the same labels in another order are equal, in the same order the very same', () => {
    const text = metric({ labels: { a: '1', b: '2' } });
    const [first, again] = [decode(text), decode(text)].map(({ samples }) => samples[0]?.labels as Labels);
    expect(again).toBe(first);
    expect(decode(metric({ labels: { b: '2', a: '1' } })).samples[0]?.labels.key).toBe(first?.key);
  });

  it('does not mistake one label set for another that reads alike', () => {
    const keys = [{ a: '1', b: '2' }, { a: '11:b1:2' }, { a: '1,b=2' }].map(
      (labels) => decode(metric({ labels })).samples[0]?.labels.key,
    );
    expect(new Set(keys).size).toBe(3);
  });
});

describe('JSON events', () => {
  const order = {
    id: 'o1-1',
    time: 1_753_612_199,
    order_id: 'o1',
    event: 'ack',
    symbol: 'AAPL',
    side: 'buy',
    quantity: 5,
  };

  it('fills fields from the subject, keeps what the payload says, and sets the defaults', () => {
    const { events } = decodeText(
      codec,
      JSON.stringify(order),
      contextOf('order', { venue: 'XNAS', strategy: 'maker' }),
    );
    expect(events).toEqual([
      {
        table: 'orders',
        id: 'o1-1',
        timeNanos: 1_753_612_199_000_000_000n,
        orderId: 'o1',
        event: 'ack',
        sentNanos: null,
        venue: 'XNAS',
        symbol: 'AAPL',
        strategy: 'maker',
        account: '',
        side: 'buy',
        orderType: 'limit',
        quantity: 5,
        price: null,
        filledQuantity: 0,
        arrivalMid: null,
        decisionNanos: null,
        decisionMid: null,
        reason: '',
        correlationId: '',
      },
    ]);
    const own = decodeText(codec, JSON.stringify({ ...order, venue: 'ARCX' }), contextOf('order', { venue: 'XNAS' }));
    expect(own.events[0]).toMatchObject({ venue: 'ARCX', strategy: 'unknown' });
  });

  it('reads fills with the fee in the currency of the price unless told, a rebate as negative', () => {
    const fill = {
      id: 'x',
      time: '1',
      order_id: 'o',
      venue: 'v',
      symbol: 's',
      side: 'sell',
      quantity: 1,
      price: -2,
      fee: -0.5,
      currency: 'EUR',
    };
    expect(decodeText(codec, JSON.stringify(fill), contextOf('fill')).events[0]).toMatchObject({
      table: 'fills',
      timeNanos: 1n,
      price: -2,
      fee: -0.5,
      feeCurrency: 'EUR',
    });
  });

  it('reads one-sided quotes and exact sequence numbers', () => {
    const quote = {
      time: '5',
      exchange_time: '4',
      venue: 'v',
      symbol: 's',
      bid: 1,
      bid_size: 2,
      sequence: '9007199254740993',
    };
    expect(decodeText(codec, JSON.stringify(quote), contextOf('quote')).events[0]).toMatchObject({
      ask: null,
      exchangeNanos: 4n,
      sequence: 9_007_199_254_740_993n,
    });
  });

  it('reads a bare heartbeat', () => {
    expect(decodeText(codec, '{}', contextOf('health', { component: 'feed', instance: '1' })).events).toEqual([
      {
        table: 'health_results',
        timeNanos: RECEIVED,
        component: 'feed',
        instance: '1',
        status: 'HEALTHY',
        message: '',
      },
    ]);
  });

  it('keeps the context of a business event as labels, its columns apart', () => {
    const event = {
      event_type: 'deployed',
      timestamp: 1_753_612_200_000,
      instance_id: 'ml-1',
      metric_name: 'accuracy',
      metric_value: 0.742,
      duration_ms: 12.5,
      user_id: 7,
      correlation_id: 'c',
      model: 'momentum',
      context: { version: 3, model: 'loses', gone: null },
      labels: { version: 4, nested: { a: [1] } },
    };
    const context = contextOf('event', { service_name: 'ml', event_type: 'loses', desk: 'fx' });
    expect(decodeText(codec, JSON.stringify(event), context).events).toEqual([
      {
        table: 'events',
        timeNanos: 1_753_612_200_000_000_000n,
        serviceName: 'ml',
        instanceId: 'ml-1',
        eventType: 'deployed',
        metricName: 'accuracy',
        metricValue: 0.742,
        labels: { desk: 'fx', model: 'loses', version: '4', nested: '{"a":[1]}' },
        durationMs: 12.5,
        userId: '7',
        correlationId: 'c',
      },
    ]);
  });

  it('gives each business event without a correlation id one of its own, the same when its message is sent again', () => {
    const idsOf = (...events: readonly object[]): string[] =>
      decodeText(codec, JSON.stringify(events), contextOf('event')).events.map((row) =>
        row.table === 'events' ? row.correlationId : '',
      );
    const event = { event_type: 'deployed', service_name: 'ml', timestamp: 1_753_612_200_000 };
    expect(idsOf(event)[0]).toMatch(/^event_20250727_[0-9a-f]{16}$/);
    // Log lines of one stamp: another text, another value, and twice the same.
    const lines = [event, { ...event, message: 'a' }, { ...event, message: 'b' }, { ...event, metric_value: 1 }, event];
    expect(new Set(idsOf(...lines)).size).toBe(lines.length);
    expect(idsOf(...lines)).toEqual(idsOf(...lines));
    expect(idsOf({ ...event, message: 'b' })).toEqual([idsOf(...lines)[2]]);
    expect(idsOf({ ...event, service_name: 'api' })).not.toEqual(idsOf(event));
  });

  it('reads a business event that is only a name, and refuses one without or with too much context', () => {
    const context = contextOf('event');
    expect(decodeText(codec, '{"event_type":"x"}', context).events[0]).toMatchObject({
      timeNanos: RECEIVED,
      serviceName: '',
      metricValue: null,
      durationMs: null,
      labels: {},
    });
    const many = Object.fromEntries(Array.from({ length: 41 }, (_, i) => [`l${i}`, i]));
    expect(reasonsOf(decodeText(codec, '{"tier":"premium"}', context))).toEqual(['schema']);
    expect(reasonsOf(decodeText(codec, JSON.stringify({ event_type: 'x', ...many }), context))).toEqual([
      'label_limit',
    ]);
    const long = { event_type: 'x', labels: { a: 'x'.repeat(5_000) } };
    expect(reasonsOf(decodeText(codec, JSON.stringify(long), context))).toEqual(['label_limit']);
    expect(reasonsOf(decodeText(codec, '{"event_type":"x","timestamp":"soon"}', context))).toEqual(['time']);
  });

  it.each<[string, object, RegExp]>([
    ['schema', { ...order, venue: 'v', side: 'long' }, /^side: .*got "long"/],
    ['schema', order, /^venue: .*got nothing/],
    ['schema', { ...order, venue: 'v', quantity: 0 }, /^quantity: .*got 0/],
    ['time', { ...order, venue: 'v', sent_time: 'x' }, /"x"/],
  ])('says %s and names the field', (reason, item, detail) => {
    const { events, problems } = decodeText(codec, JSON.stringify(item), contextOf('order'));
    expect(events).toEqual([]);
    expect(problems.map((problem) => problem.reason)).toEqual([reason]);
    expect(problems[0]?.detail).toMatch(detail);
  });
});

import { Writable } from 'node:stream';
import { logOptions } from './log-options.ts';
import { createLogger } from './log.ts';
import { createTelemetry } from './metrics.ts';

describe('the sidecar’s own metrics', () => {
  it('counts what the parts report, and shows levels and the process', async () => {
    const registry = createTelemetry('1.2.3');
    const telemetry = registry.port;
    telemetry.received('orders', 2, 300);
    telemetry.stored('orders', 5);
    telemetry.dropped('orders', 'series_limit', 1);
    telemetry.duplicates('orders', 3);
    telemetry.late('orders', 4);
    telemetry.deadLetters('orders', 'schema', 6);
    telemetry.ingestLag('orders', 0.25);
    telemetry.storeAppended(0.01, 'ok');
    telemetry.queried('http', 0.2, 'failed');
    telemetry.ruleEvaluated('desk', 0.001, 'ok');
    telemetry.notified('desk', 'sent');
    registry.httpAnswered('/api/v1/query', 200, 0.02);
    let depth = 7;
    telemetry.level('queue_depth', 'Depth.', () => depth);
    telemetry.level('queue_depth', 'Depth, registered anew.', () => depth);
    depth = 8;
    const text = await registry.text();
    registry.close();
    for (const line of [
      'tapewatch_build_info{version="1.2.3"} 1',
      'tapewatch_received_messages_total{stream="orders"} 2',
      'tapewatch_received_bytes_total{stream="orders"} 300',
      'tapewatch_stored_items_total{stream="orders"} 5',
      'tapewatch_dropped_items_total{stream="orders",reason="series_limit"} 1',
      'tapewatch_duplicate_items_total{stream="orders"} 3',
      'tapewatch_late_items_total{stream="orders"} 4',
      'tapewatch_dead_letters_total{stream="orders",reason="schema"} 6',
      'tapewatch_ingest_lag_seconds{stream="orders"} 0.25',
      'tapewatch_store_append_seconds_count{outcome="ok"} 1',
      'tapewatch_query_seconds_sum{origin="http",outcome="failed"} 0.2',
      'tapewatch_rule_evaluation_seconds_bucket{le="0.001",group="desk",outcome="ok"} 1',
      'tapewatch_notifications_total{receiver="desk",outcome="sent"} 1',
      'tapewatch_http_request_seconds_count{route="/api/v1/query",status="200"} 1',
      'tapewatch_queue_depth 8',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
    expect(text).toMatch(/^process_resident_memory_bytes \d/m);
    expect(text).toMatch(/^tapewatch_event_loop_delay_seconds\{quantile="0.99"\} /m);
  });

  it('keeps label values bounded: what is too many or too long counts as other', async () => {
    const registry = createTelemetry('0');
    const telemetry = registry.port;
    for (let i = 0; i < 1_200; i += 1) telemetry.stored(`s${i}`, 1);
    telemetry.stored('x'.repeat(500), 1);
    const lines = (await registry.text())
      .split('\n')
      .filter((line) => line.startsWith('tapewatch_stored_items_total{'));
    registry.close();
    expect(lines).toHaveLength(1_001);
    expect(lines).toContain('tapewatch_stored_items_total{stream="other"} 201');
  });
});

describe('the log', () => {
  function linesOf(options: object, write: (log: ReturnType<typeof createLogger>) => void): string {
    let text = '';
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        text += chunk.toString();
        done();
      },
    });
    write(createLogger(logOptions.parse(options), sink));
    return text;
  }

  it('writes JSON lines with a level, and leaves out what is below it', () => {
    const text = linesOf({ level: 'warn', format: 'json' }, (log) => {
      log.info({}, 'not shown');
      log.warn({ stream: 'orders' }, 'shown');
    });
    expect(JSON.parse(text)).toMatchObject({ level: 'warn', stream: 'orders', msg: 'shown' });
  });

  it('cuts out secrets at any of four levels', () => {
    const text = linesOf({ level: 'debug', format: 'json' }, (log) => {
      log.info(
        { token: 'S1', nats: { password: 'S2', tls: { seed: 'S3', deep: { credentials: 'S4' } } } },
        'configuration',
      );
      log.info({ req: { headers: { authorization: 'Bearer S5' } } }, 'request');
    });
    expect(text).not.toMatch(/S[1-5]/);
    expect(text.match(/\[redacted\]/g)).toHaveLength(5);
  });
});

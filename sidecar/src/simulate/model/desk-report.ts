/**
 * What the desk says about itself once a second: orders in flight, errors by component, heartbeats of its components, and
 * `demo_probe`, a gauge that is 0 until the plan raises it to 1 (the sample from which the demo measures the alert's way).
 */
import type { Agenda } from './agenda.ts';
import type { IncidentClock } from './incident.ts';
import type { Market } from './market.ts';
import type { DeskMessage, HealthItem, MetricItem, Stamper } from './message.ts';
import type { Action, OrderFlow } from './order-flow.ts';
import type { Universe } from './universe.ts';

export const PROBE_METRIC = 'demo_probe';
export const PROBE_SUBJECT = 'tw.metrics.demo.probe';

export interface ProbePlan {
  readonly atSeconds: number;
  readonly holdSeconds: number;
}

export interface DeskReportOptions {
  readonly universe: Universe;
  readonly market: Market;
  readonly incidents: IncidentClock;
  readonly outageVenue: string;
  readonly agenda: Agenda<Action>;
  readonly stamper: Stamper;
  readonly flow: OrderFlow;
  readonly emit: (message: DeskMessage) => void;
  readonly probe?: ProbePlan;
}

const PERIOD_NANOS = 1e9;
/** Off the full second, where everything else on a machine happens. */
const FIRST_REPORT_NANOS = 1.5e8;

export class DeskReport {
  readonly #options: DeskReportOptions;

  constructor(options: DeskReportOptions) {
    this.#options = options;
  }

  start(): void {
    const { agenda, probe } = this.#options;
    agenda.add(FIRST_REPORT_NANOS, this.#report);
    if (probe === undefined) return;
    // Half a period off the reports, so that no two samples of the series share a stamp.
    const riseNanos = Math.floor(probe.atSeconds) * 1e9 + FIRST_REPORT_NANOS + PERIOD_NANOS / 2;
    agenda.add(riseNanos, (atNanos) => this.#probe(atNanos));
  }

  readonly #report: Action = (atNanos) => {
    const { agenda, emit } = this.#options;
    emit({ kind: 'metric', subject: 'tw.metrics.desk', atNanos, id: '', items: this.#metrics(atNanos) });
    for (const item of this.#heartbeats(atNanos)) {
      emit({ kind: 'health', subject: `tw.health.${item.component}`, atNanos, id: '', items: [item] });
    }
    this.#probe(atNanos);
    agenda.add(atNanos + PERIOD_NANOS, this.#report);
  };

  #probe(atNanos: number): void {
    const { probe, stamper, emit } = this.#options;
    const since = probe === undefined ? -1 : atNanos / 1e9 - Math.floor(probe.atSeconds) - 0.6;
    const raised = probe !== undefined && since >= 0 && since < probe.holdSeconds;
    const item: MetricItem = {
      ...{ name: PROBE_METRIC, type: 'gauge', value: raised ? 1 : 0, time: stamper.stamp(atNanos) },
      help: 'Raised to 1 by the demo to measure how long an alert takes.',
    };
    emit({ kind: 'metric', subject: PROBE_SUBJECT, atNanos, id: '', items: [item] });
  }

  #metrics(atNanos: number): MetricItem[] {
    const { flow, market, stamper } = this.#options;
    const time = stamper.stamp(atNanos);
    const inFlight = [...flow.inFlight].map(([key, value]): MetricItem => {
      const [venue, strategy] = key.split('|') as [string, string];
      const help = 'Orders sent and neither filled, cancelled nor rejected.';
      return { name: 'desk_orders_in_flight', type: 'gauge', value, time, labels: { venue, strategy }, help };
    });
    const errors = [...flow.errors].map(([component, value]): MetricItem => {
      const help = "Errors of the desk's components.";
      return { name: 'desk_errors_total', type: 'counter', value, time, labels: { component }, help };
    });
    const traded = market.traded().map(({ venue, symbol, quantity: value }): MetricItem => {
      const help = 'Quantity traded on the recorded market, by anybody.';
      return { name: 'market_traded_quantity_total', type: 'counter', value, time, labels: { venue, symbol }, help };
    });
    return [...inFlight, ...errors, ...traded];
  }

  #heartbeats(atNanos: number): HealthItem[] {
    const { universe, incidents, outageVenue, stamper } = this.#options;
    const time = stamper.stamp(atNanos);
    const instance = 'desk-1';
    const venues = universe.venues.map(({ name }): HealthItem => {
      const out = incidents.hits('venue-outage', name, { nanos: atNanos, fallback: outageVenue });
      const status = out ? 'CRITICAL' : 'HEALTHY';
      return {
        time,
        component: `venue-${name}`,
        instance,
        status,
        message: out ? 'no market data, orders rejected' : '',
      };
    });
    const slow = incidents.active('slow-hop', atNanos);
    const hops = ['risk', 'gateway'].map((component): HealthItem => {
      const hit = slow !== undefined && (slow.target || 'gateway') === component;
      const message = hit ? 'queueing' : '';
      return { time, component, instance, status: hit ? 'DEGRADED' : 'HEALTHY', message };
    });
    return [...venues, ...hops];
  }
}

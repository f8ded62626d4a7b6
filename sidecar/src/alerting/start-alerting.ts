/**
 * Puts alerting together: rule files, the rules' evaluation, routing and channels, and the view that HTTP and Grafana
 * show. A reload takes all files or none.
 */
import { msFromNanos, type RegexCompiler, type Route, type Sample, type Transition } from '@tapewatch/core';
import { integrationsOf, type AlertmanagerDocument, type AlertObject, type Integration } from '@tapewatch/contract';
import type {
  AlertHistoryView,
  AlertingView,
  Channel,
  Clock,
  ExplainAlert,
  LateSource,
  Logger,
  Progress,
  PromqlEngine,
  StoreReader,
  Telemetry,
  TransitionRow,
} from '../ports.ts';
import { AlertDispatcher, type Delivery } from './alert-dispatcher.ts';
import { AlertHistory } from './alert-history.ts';
import { alertObjectOf } from './alert-object.ts';
import type { AlertingOptions } from './alerting-options.ts';
import { loadAlertmanager, routeTree } from './alertmanager-file.ts';
import { sleep } from './deadline.ts';
import { loadRuleFiles } from './rule-file.ts';
import { Restraint } from './restraint.ts';
import { RuleReviser } from './rule-reviser.ts';
import { RuleManager, asTransition, type RuleManagerDeps } from './rule-manager.ts';
import type { SuppressionOptions } from './suppression-options.ts';

/** How long a stop waits for notifications that are under way. */
const CLOSE_GRACE_MS = 3_000;
const MAX_LATE_ENDS = 10_000;
/** No receiver of a file can have this name. */
const BROADCAST = '(notifications)';

export interface AlertingDeps {
  readonly engine: PromqlEngine;
  readonly progress: Progress;
  readonly reader: Pick<StoreReader, 'select' | 'transitions'>;
  /** Tells of late samples, which revise what rules said of the past. */
  readonly late: LateSource;
  readonly explain: ExplainAlert;
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: Pick<Telemetry, 'ruleEvaluated' | 'notified' | 'level' | 'revised'>;
  readonly compileRegex: RegexCompiler;
  /** Resolves when the rows are durable. */
  readonly storeTransitions: (rows: readonly TransitionRow[]) => Promise<void>;
  /** Takes what recording rules yield. */
  readonly recordSamples: (samples: readonly Sample[]) => void;
  /** Opens a channel for each integration, by its id. */
  readonly openChannels: (integrations: readonly Integration[]) => Promise<ReadonlyMap<string, Channel>>;
  /** Channels that get every alert beside the routes. */
  readonly broadcast: readonly BroadcastChannel[];
  /** Told of every change, before notification. */
  readonly onTransitions?: (transitions: readonly Transition[]) => void;
  /** Takes each beginning and end of an alert, whatever is held back or routed elsewhere. */
  readonly publish?: (alert: AlertObject) => void;
  /** Resolves when all sources deliver. */
  readonly sourcesOpen: Promise<unknown>;
  /** Uniform in [0, 1), for the jitter of retries. */
  readonly random: () => number;
}

export interface Alerting extends AlertingView, AlertHistoryView {
  /** Reads all files anew. Throws `rule.invalid` or `config.invalid` and changes nothing when one of them is bad. */
  reload(): Promise<void>;
  /** Evaluates the alerting rules and looks at ended cooldowns: the loop of alerts. */
  check(): void;
  close(): Promise<void>;
}

export interface AlertingSetup extends AlertingOptions {
  readonly suppression: SuppressionOptions;
  /** False: no channel is ever used. */
  readonly notificationsEnabled: boolean;
}

/** A channel that gets every alert, whatever the routes say. */
export interface BroadcastChannel {
  readonly id: string;
  readonly channel: Channel;
}

/** `openAlerts`: what the last run left (`Recovery.openAlerts`). Throws when a file is bad. */
export async function startAlerting(
  deps: AlertingDeps,
  options: AlertingSetup,
  openAlerts: readonly TransitionRow[],
): Promise<Alerting> {
  const first = await readFiles(deps, options);
  const dispatcher = new AlertDispatcher(deps, options.notification, first.delivery);
  const restraint = new Restraint(
    { ...deps, enabled: options.notificationsEnabled, pass: dispatcher.take.bind(dispatcher) },
    options.suppression,
  );
  const notify: RuleManagerDeps['notify'] = (transitions, origin) => {
    deps.onTransitions?.(transitions);
    restraint.take(transitions, origin);
  };
  const history = new AlertHistory(options.historySize);
  const { publish } = options.notificationsEnabled ? deps : {};
  const publishAll: RuleManagerDeps['publish'] = (transitions, source) => {
    for (const transition of transitions) {
      const alert = alertObjectOf(transition, source);
      if (alert === undefined) continue;
      history.take(alert);
      publish?.(alert);
    }
  };
  const rules = new RuleManager({ ...deps, notify, publish: publishAll }, options);
  const reviser = new RuleReviser({ ...deps, rules: () => rules.runtimes() }, options);
  restraint.take(await lateEnds(deps, options.resendResolvedMs), { mayBeKnown: true });
  await rules.restore(first.groups, openAlerts);
  const stopped = new AbortController();
  void inputsReady(deps, options, stopped.signal).then(() => rules.begin());
  observe(deps.telemetry, rules, dispatcher);
  return {
    groups: () => rules.groups(),
    transitions: (filter) => deps.reader.transitions(filter),
    history: (filter) => history.list({ ...filter, nowMs: msFromNanos(deps.clock.now()) }),
    check() {
      rules.checkAlerts();
      restraint.release();
    },
    async reload() {
      const { groups, delivery } = await readFiles(deps, options);
      dispatcher.reconfigure(delivery);
      await rules.replace(groups);
      deps.log.info({ groups: groups.length }, 'Rules and routes were loaded anew.');
    },
    async close() {
      stopped.abort();
      await reviser.close();
      await rules.close();
      restraint.close();
      await dispatcher.close(CLOSE_GRACE_MS);
    },
  };
}

/** What was silent because we were away must not look silent to the rules: they wait for the sources, within a bound. */
async function inputsReady(
  { clock, sourcesOpen }: AlertingDeps,
  { startDelayMs, startWaitMaxMs }: AlertingOptions,
  signal: AbortSignal,
): Promise<void> {
  const opened = async (): Promise<void> => {
    await sourcesOpen;
    if (startDelayMs > 0) await sleep(clock, startDelayMs, signal);
  };
  await Promise.race([opened(), sleep(clock, Math.max(startDelayMs, startWaitMaxMs), signal)]);
}

/**
 * Alerts that ended shortly before this start: the process may have died between storing the end and telling it. Who
 * heard of it already recognises the key.
 */
async function lateEnds({ clock, reader, log }: AlertingDeps, withinMs: number): Promise<Transition[]> {
  const now = clock.now();
  const filter = { startNanos: now - BigInt(withinMs) * 1_000_000n, endNanos: now, limit: MAX_LATE_ENDS };
  try {
    const latest = new Map<string, Transition>();
    const rows = [...(await reader.transitions(filter))].sort((a, b) => (a.timeNanos < b.timeNanos ? -1 : 1));
    for (const row of rows)
      if (row.revised !== true) latest.set(JSON.stringify([row.group, row.rule, row.labels.key]), asTransition(row));
    return [...latest.values()].filter(({ from, to }) => to === 'inactive' && from !== 'pending');
  } catch (error) {
    log.warn({ err: error }, 'The last changes of alerts could not be read; an end may have gone untold.');
    return [];
  }
}

async function readFiles(deps: AlertingDeps, options: AlertingOptions) {
  const groups = await loadRuleFiles(options.ruleFiles, options.evaluationIntervalMs);
  const document = await loadAlertmanager(options.alertmanagerFile, deps.compileRegex);
  return { groups, delivery: await openDelivery(document, deps, options) };
}

async function openDelivery(
  document: AlertmanagerDocument,
  deps: AlertingDeps,
  options: AlertingOptions,
): Promise<Delivery> {
  const integrations = integrationsOf(document.receivers);
  const { maxGroups, maxAlertsPerGroup } = options.notification;
  const route = routeTree(document.route, deps.compileRegex);
  const everywhere = deps.broadcast.map(({ id }) => ({ id, receiver: BROADCAST, sendResolved: true }));
  const channels = await deps.openChannels(integrations);
  return {
    config: {
      route: everywhere.length === 0 ? route : withBroadcast(route),
      targets: [...integrations, ...everywhere],
      maxGroups,
      maxAlertsPerGroup,
    },
    channels: new Map([...channels, ...deps.broadcast.map(({ id, channel }) => [id, channel] as const)]),
  };
}

/** Every alert goes to the broadcast channels, and on along the routes as they stand. */
function withBroadcast(route: Route): Route {
  const all = { ...route, receiver: BROADCAST, id: BROADCAST, continue: true, routes: [] };
  return { ...route, id: 'root', routes: [all, route] };
}

function observe(telemetry: AlertingDeps['telemetry'], rules: RuleManager, dispatcher: AlertDispatcher): void {
  const count = (state: string) =>
    rules.groups().reduce((sum, group) => {
      const alerts = group.rules.flatMap((rule) => rule.alerts);
      return sum + alerts.filter((alert) => alert.state === state).length;
    }, 0);
  telemetry.level('alerts_firing', 'Alerts that fire.', () => count('firing'));
  telemetry.level('alerts_pending', 'Alerts whose condition holds, but not yet for long enough.', () =>
    count('pending'),
  );
  telemetry.level('rules', 'Rules loaded.', () => rules.groups().reduce((sum, group) => sum + group.rules.length, 0));
  telemetry.level('notification_groups', 'Groups of alerts that are kept.', () => dispatcher.groups);
  telemetry.level('transitions_unstored', 'Transitions that wait for the store.', () => rules.unstored);
}

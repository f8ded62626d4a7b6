/**
 * Grouping, deduplication and repetition of notifications: (state, event, now) -> (state, effects).
 * The words and meanings are Alertmanager's: a new group waits `group_wait`, a changed one `group_interval` since its
 * last notification, an unchanged one `repeat_interval`. A change after a quiet `group_interval` is told at once.
 * A failed delivery is tried again after `group_interval` with what is true then, so the final state gets through.
 * Bounds: `maxGroups`, `maxAlertsPerGroup`; what they refuse is an effect of its own, never silence.
 */
import { Labels } from '../model/labels.ts';
import { type GroupedAlert, type Target, type TargetState, decideDelivery, isOwedTheEnd, nextDue } from './delivery.ts';
import { type Route, groupLabels, matchRoutes } from './route.ts';

export interface DispatchConfig {
  readonly route: Route;
  readonly targets: readonly Target[];
  readonly maxGroups: number;
  readonly maxAlertsPerGroup: number;
}

interface Group {
  readonly key: string;
  readonly route: Route;
  readonly labels: Labels;
  readonly alerts: ReadonlyMap<string, GroupedAlert>;
  readonly targets: readonly TargetState[];
}

export type DispatchState = ReadonlyMap<string, Group>;

export const EMPTY_DISPATCH_STATE: DispatchState = new Map();

export type DispatchEvent =
  /** `mayBeKnown`: a run before this one may have told of them, so their end is told even to those we told nothing. */
  | { readonly type: 'alerts'; readonly alerts: readonly GroupedAlert[]; readonly mayBeKnown?: boolean }
  | { readonly type: 'tick' }
  | { readonly type: 'delivered'; readonly groupKey: string; readonly targetId: string; readonly ok: boolean };

export type DispatchEffect =
  | {
      readonly type: 'send';
      readonly groupKey: string;
      readonly target: Target;
      readonly key: string;
      readonly status: 'firing' | 'resolved';
      readonly groupLabels: Labels;
      readonly alerts: readonly GroupedAlert[];
    }
  | { readonly type: 'refused'; readonly reason: 'too_many_groups' | 'too_many_alerts'; readonly fingerprint: string };

export interface DispatchStep {
  readonly state: DispatchState;
  readonly effects: readonly DispatchEffect[];
}

export function stepDispatch(
  config: DispatchConfig,
  state: DispatchState,
  input: { event: DispatchEvent; now: bigint },
): DispatchStep {
  const groups = new Map(state);
  const effects: DispatchEffect[] = [];
  const { event, now } = input;
  if (event.type === 'alerts') {
    const { alerts, mayBeKnown = false } = event;
    for (const alert of alerts) takeAlert(config, { groups, effects }, { alert, now, mayBeKnown });
  }
  if (event.type === 'delivered') settle(groups, event, now);
  for (const group of groups.values()) flush(groups, { group, effects, now });
  return { state: groups, effects };
}

/** Moves every known alert to another configuration; a target that keeps its name and its group keeps what it was told. */
export function rerouteDispatch(config: DispatchConfig, state: DispatchState, now: bigint): DispatchStep {
  const known = new Map([...state.values()].flatMap(({ alerts }) => [...alerts]));
  const draft: Draft = { groups: new Map(), effects: [] };
  for (const alert of known.values())
    if (alert.status === 'firing') takeAlert(config, draft, { alert, now, mayBeKnown: false });
  for (const [key, group] of draft.groups) {
    const before = state.get(key);
    const ended = [...(before?.alerts ?? [])].filter(([, { status }]) => status === 'resolved');
    const targets = group.targets.map(
      (target) => before?.targets.find((old) => old.target.id === target.target.id) ?? target,
    );
    draft.groups.set(key, { ...group, alerts: new Map([...group.alerts, ...ended]), targets });
  }
  return { state: draft.groups, effects: draft.effects };
}

/** When the next `tick` can have an effect; null when only an event can. */
export function nextTickNanos(state: DispatchState): bigint | null {
  let earliest: bigint | null = null;
  for (const { targets } of state.values()) {
    for (const { dueNanos, inFlight } of targets) {
      if (dueNanos !== null && inFlight === null && (earliest === null || dueNanos < earliest)) earliest = dueNanos;
    }
  }
  return earliest;
}

interface Draft {
  readonly groups: Map<string, Group>;
  readonly effects: DispatchEffect[];
}

function takeAlert(
  config: DispatchConfig,
  draft: Draft,
  { alert, now, mayBeKnown }: { alert: GroupedAlert; now: bigint; mayBeKnown: boolean },
): void {
  const labels = Labels.from(alert.labels);
  for (const route of matchRoutes(config.route, labels)) {
    const common = groupLabels(route, labels);
    const key = `${route.id}:${common.toString()}`;
    const group = draft.groups.get(key);
    if (group === undefined && alert.status === 'resolved' && !mayBeKnown) continue;
    const refused = refusal(config, draft, { group, alert });
    if (refused !== undefined) {
      draft.effects.push({ type: 'refused', reason: refused, fingerprint: alert.fingerprint });
      continue;
    }
    const open = group ?? openGroup(config, { key, route, labels: common }, now + route.groupWaitNanos);
    const next = withAlert(open, alert, now);
    draft.groups.set(key, mayBeKnown ? withTried(next, alert.fingerprint) : next);
  }
}

function refusal(
  { maxGroups, maxAlertsPerGroup }: DispatchConfig,
  { groups }: Draft,
  { group, alert }: { group: Group | undefined; alert: GroupedAlert },
): Extract<DispatchEffect, { type: 'refused' }>['reason'] | undefined {
  if (group === undefined) return groups.size >= maxGroups ? 'too_many_groups' : undefined;
  const isFull = group.alerts.size >= maxAlertsPerGroup && !group.alerts.has(alert.fingerprint);
  return isFull ? 'too_many_alerts' : undefined;
}

function withTried(group: Group, fingerprint: string): Group {
  const targets = group.targets.map((state) => ({ ...state, tried: new Set([...state.tried, fingerprint]) }));
  return { ...group, targets };
}

function openGroup(config: DispatchConfig, group: Pick<Group, 'key' | 'route' | 'labels'>, dueNanos: bigint): Group {
  const targets = config.targets
    .filter(({ receiver }) => receiver === group.route.receiver)
    .map((target) => ({ ...UNTOLD, target, dueNanos }));
  return { ...group, alerts: new Map(), targets };
}

const UNTOLD: Omit<TargetState, 'target' | 'dueNanos'> = {
  told: new Set(),
  tried: new Set(),
  sentAtNanos: null,
  attemptedAtNanos: null,
  inFlight: null,
};

/** A target that has nothing due, or only a repetition, becomes due as soon as its group interval allows. */
function withAlert(group: Group, alert: GroupedAlert, now: bigint): Group {
  const targets = group.targets.map((state) => {
    if (state.attemptedAtNanos === null) return state.dueNanos === null ? { ...state, dueNanos: now } : state;
    const allowed = state.attemptedAtNanos + group.route.groupIntervalNanos;
    const dueNanos = state.dueNanos !== null && state.dueNanos < allowed ? state.dueNanos : allowed;
    return { ...state, dueNanos };
  });
  return { ...group, alerts: new Map(group.alerts).set(alert.fingerprint, alert), targets };
}

function settle(groups: Map<string, Group>, event: Extract<DispatchEvent, { type: 'delivered' }>, now: bigint): void {
  const group = groups.get(event.groupKey);
  if (group === undefined) return;
  const targets = group.targets.map((state) => {
    if (state.target.id !== event.targetId || state.inFlight === null) return state;
    const dueNanos = now + group.route.groupIntervalNanos;
    const { firing } = state.inFlight;
    const settled = { ...state, attemptedAtNanos: now, dueNanos, inFlight: null };
    return event.ok
      ? { ...settled, told: firing, tried: new Set<string>(), sentAtNanos: now }
      : { ...settled, tried: new Set([...state.tried, ...firing]) };
  });
  groups.set(group.key, { ...group, targets });
}

/** Sends what is due, forgets ended alerts that nobody waits for, and drops the group when it is empty. */
function flush(
  groups: Map<string, Group>,
  { group, effects, now }: { group: Group; effects: DispatchEffect[]; now: bigint },
): void {
  const { key, route } = group;
  let changed = false;
  const targets = group.targets.map((state) => {
    if (state.inFlight !== null || state.dueNanos === null || state.dueNanos > now) return state;
    changed = true;
    const delivery = decideDelivery(state, group.alerts.values(), {
      groupKey: key,
      repeatIntervalNanos: route.repeatIntervalNanos,
      now,
    });
    if (delivery === null) return quiet(state, group);
    const { alerts, status } = delivery;
    effects.push({
      type: 'send',
      groupKey: key,
      target: state.target,
      key: delivery.key,
      status,
      groupLabels: group.labels,
      alerts,
    });
    const firing = new Set(alerts.filter((alert) => alert.status === 'firing').map(({ fingerprint }) => fingerprint));
    return { ...state, inFlight: { key: delivery.key, firing } };
  });
  if (!changed) return;
  const alerts = new Map(
    [...group.alerts].filter(([, alert]) => alert.status === 'firing' || isAwaited(alert, targets)),
  );
  if (alerts.size === 0) groups.delete(key);
  else groups.set(key, { ...group, alerts, targets });
}

/** Nothing to say: look again when the repetition is due, and forget ended alerts that this target is not told of. */
function quiet(state: TargetState, group: Group): TargetState {
  const told = new Set([...state.told].filter((id) => group.alerts.get(id)?.status === 'firing'));
  return { ...state, told, dueNanos: nextDue(state, group.alerts.values(), group.route.repeatIntervalNanos) };
}

function isAwaited({ fingerprint }: GroupedAlert, targets: readonly TargetState[]): boolean {
  return targets.some((state) => state.inFlight !== null || isOwedTheEnd(state, fingerprint));
}

/**
 * What one target (one integration of a receiver) has been told about one group, and whether it must be told again.
 * The decision is Alertmanager's (notify/notify.go, `DedupStage.needsUpdate`), with one difference: the end of an alert
 * is told only to those who were told of its beginning.
 */
import { fingerprintText } from '../rule/fingerprint.ts';

export interface GroupedAlert {
  readonly fingerprint: string;
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAtNanos: bigint;
  readonly endsAtNanos: bigint | null;
  readonly value: number;
}

export interface Target {
  /** Unique among all receivers, such as `desk/webhook/0`. */
  readonly id: string;
  readonly receiver: string;
  readonly sendResolved: boolean;
}

export interface TargetState {
  readonly target: Target;
  /** Fingerprints that the last successful notification listed as firing. */
  readonly told: ReadonlySet<string>;
  /** Listed as firing by attempts that failed since then: the receiver may know of them, so their end is told too. */
  readonly tried: ReadonlySet<string>;
  /** Of the last successful notification. */
  readonly sentAtNanos: bigint | null;
  /** End of the last attempt, failed ones included. */
  readonly attemptedAtNanos: bigint | null;
  /** Nothing is sent before it. Null: nothing is due. */
  readonly dueNanos: bigint | null;
  /** Key and content of the notification under way. */
  readonly inFlight: { readonly key: string; readonly firing: ReadonlySet<string> } | null;
}

export interface Delivery {
  readonly key: string;
  readonly alerts: readonly GroupedAlert[];
  readonly status: 'firing' | 'resolved';
}

/** What to send now, or null when the target knows everything and the repeat interval has not passed. */
export function decideDelivery(
  state: TargetState,
  alerts: Iterable<GroupedAlert>,
  context: { groupKey: string; repeatIntervalNanos: bigint; now: bigint },
): Delivery | null {
  const firing: GroupedAlert[] = [];
  const ended: GroupedAlert[] = [];
  for (const alert of alerts) {
    if (alert.status === 'firing') firing.push(alert);
    else if (isOwedTheEnd(state, alert.fingerprint)) ended.push(alert);
  }
  const isNews = ended.length > 0 || firing.some(({ fingerprint }) => !state.told.has(fingerprint));
  const isRepeat =
    firing.length > 0 && state.sentAtNanos !== null && context.now - state.sentAtNanos >= context.repeatIntervalNanos;
  if (!isNews && !isRepeat) return null;
  const listed = [...firing, ...ended];
  return {
    key: idempotencyKey(state.target.id, listed, context),
    alerts: listed,
    status: firing.length > 0 ? 'firing' : 'resolved',
  };
}

/** True when the target was told, or may have heard, that the alert fires. */
export function isOwedTheEnd({ target, told, tried }: TargetState, fingerprint: string): boolean {
  return target.sendResolved && (told.has(fingerprint) || tried.has(fingerprint));
}

/** The earliest time at which `decideDelivery` could answer differently without a new event; null when never. */
export function nextDue(
  state: TargetState,
  alerts: Iterable<GroupedAlert>,
  repeatIntervalNanos: bigint,
): bigint | null {
  for (const { status } of alerts) if (status === 'firing') return (state.sentAtNanos ?? 0n) + repeatIntervalNanos;
  return null;
}

/**
 * The same for the same content in the same repeat period, also after a restart: who, which alerts in which state since
 * when, and how many whole repeat intervals have passed since the newest change.
 */
function idempotencyKey(
  targetId: string,
  alerts: readonly GroupedAlert[],
  { groupKey, repeatIntervalNanos, now }: { groupKey: string; repeatIntervalNanos: bigint; now: bigint },
): string {
  let newest = 0n;
  const lines: string[] = [];
  for (const { fingerprint, status, startsAtNanos, endsAtNanos } of alerts) {
    const changed = endsAtNanos ?? startsAtNanos;
    if (changed > newest) newest = changed;
    lines.push(`${fingerprint} ${status} ${startsAtNanos} ${endsAtNanos ?? ''}`);
  }
  const repeat = now > newest ? (now - newest) / repeatIntervalNanos : 0n;
  return [fingerprintText(`${targetId} ${groupKey}`), fingerprintText(lines.sort().join('\n')), repeat].join('-');
}

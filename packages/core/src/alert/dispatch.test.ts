import { Labels } from '../model/labels.ts';
import type { GroupedAlert } from './delivery.ts';
import { type DispatchConfig, EMPTY_DISPATCH_STATE, rerouteDispatch, stepDispatch } from './dispatch.ts';
import { retryDelayMs } from './retry.ts';
import { type Route, matchRoutes } from './route.ts';

const SECOND = 1_000_000_000n;

function route(id: string, receiver: string, over: Partial<Route> = {}): Route {
  return {
    id,
    receiver,
    groupBy: [],
    groupWaitNanos: 0n,
    groupIntervalNanos: 10n * SECOND,
    repeatIntervalNanos: 3600n * SECOND,
    matches: () => true,
    continue: false,
    routes: [],
    ...over,
  };
}

function alert(index: number, over: Partial<GroupedAlert> = {}): GroupedAlert {
  return {
    fingerprint: `f${index}`,
    status: 'firing',
    labels: { alertname: 'Slow', index: String(index) },
    annotations: {},
    startsAtNanos: SECOND,
    endsAtNanos: null,
    value: 1,
    ...over,
  };
}

function configOf(root: Route, limits: Partial<DispatchConfig> = {}): DispatchConfig {
  const targets = [{ id: 'desk/webhook/0', receiver: 'desk', sendResolved: true }];
  return { route: root, targets, maxGroups: 10, maxAlertsPerGroup: 10, ...limits };
}

describe('the routing tree', () => {
  const severity = (value: string) => (labels: Labels) => labels.get('severity') === value;
  const tree = route('0', 'all', {
    routes: [
      route('0/0', 'pager', { matches: severity('CRITICAL'), continue: true }),
      route('0/1', 'desk', { matches: severity('CRITICAL') }),
      route('0/2', 'never', { matches: severity('CRITICAL') }),
      route('0/3', 'mail', { matches: severity('INFO'), routes: [route('0/3/0', 'log')] }),
    ],
  });

  it('sends two severities to two receivers, goes on after `continue`, and falls back to the node itself (proves: LIF-21)', () => {
    const receivers = (value: string) =>
      matchRoutes(tree, Labels.from({ severity: value })).map((found) => found.receiver);
    expect(receivers('CRITICAL')).toEqual(['pager', 'desk']);
    expect(receivers('INFO')).toEqual(['log']);
    expect(receivers('WARNING')).toEqual(['all']);
  });
});

describe('grouping', () => {
  it('puts several related alerts into one message (proves: LIF-07)', () => {
    const alerts = [alert(1), alert(2), alert(3)];
    const { effects } = stepDispatch(configOf(route('0', 'desk')), EMPTY_DISPATCH_STATE, {
      event: { type: 'alerts', alerts },
      now: SECOND,
    });
    expect(effects).toEqual([expect.objectContaining({ type: 'send', alerts, status: 'firing' })]);
  });

  it('keeps its key for the same content after a restart, and changes it for a repetition', () => {
    const config = configOf(route('0', 'desk'));
    const first = (now: bigint) => {
      const { effects } = stepDispatch(config, EMPTY_DISPATCH_STATE, {
        event: { type: 'alerts', alerts: [alert(1)] },
        now,
      });
      return effects[0]?.type === 'send' ? effects[0].key : undefined;
    };
    expect(first(2n * SECOND)).toBe(first(900n * SECOND));
    expect(first(2n * SECOND)).not.toBe(first(3700n * SECOND));
  });

  it('tells an end to those whom an earlier run may have told of the beginning, and to nobody else', () => {
    const ended = alert(1, { status: 'resolved', endsAtNanos: 2n * SECOND });
    const take = (mayBeKnown: boolean) =>
      stepDispatch(configOf(route('0', 'desk')), EMPTY_DISPATCH_STATE, {
        event: { type: 'alerts', alerts: [ended], mayBeKnown },
        now: 3n * SECOND,
      }).effects.map((effect) => (effect.type === 'send' ? effect.status : effect.type));
    expect([take(true), take(false)]).toEqual([['resolved'], []]);
  });

  it('refuses what is past its bounds, and says so', () => {
    const config = configOf(route('0', 'desk', { groupBy: ['index'] }), { maxGroups: 1 });
    const step = stepDispatch(config, EMPTY_DISPATCH_STATE, {
      event: { type: 'alerts', alerts: [alert(1), alert(2)] },
      now: SECOND,
    });
    expect(step.effects.map((effect) => (effect.type === 'refused' ? effect.reason : effect.type))).toEqual([
      'too_many_groups',
      'send',
    ]);
    const small = configOf(route('0', 'desk'), { maxAlertsPerGroup: 1 });
    const refused = stepDispatch(small, EMPTY_DISPATCH_STATE, {
      event: { type: 'alerts', alerts: [alert(1), alert(2)] },
      now: SECOND,
    }).effects[0];
    expect(refused).toEqual({ type: 'refused', reason: 'too_many_alerts', fingerprint: 'f2' });
  });

  it('keeps what was told when the configuration changes elsewhere', () => {
    const config = configOf(route('0', 'desk'));
    const sent = stepDispatch(config, EMPTY_DISPATCH_STATE, {
      event: { type: 'alerts', alerts: [alert(1)] },
      now: SECOND,
    });
    const [groupKey = ''] = sent.state.keys();
    const told = stepDispatch(config, sent.state, {
      event: { type: 'delivered', groupKey, targetId: 'desk/webhook/0', ok: true },
      now: 2n * SECOND,
    });
    const moved = rerouteDispatch(
      configOf(route('0', 'desk', { groupIntervalNanos: SECOND })),
      told.state,
      3n * SECOND,
    );
    const tick = { event: { type: 'tick' }, now: 100n * SECOND } as const;
    expect(stepDispatch(config, moved.state, tick).effects).toEqual([]);
    const elsewhere = rerouteDispatch(configOf(route('7', 'desk')), told.state, 3n * SECOND);
    expect(stepDispatch(config, elsewhere.state, tick).effects).toHaveLength(1);
  });
});

describe('retries', () => {
  const policy = { maxAttempts: 3, overallMs: 30_000, baseMs: 500, maxMs: 10_000 };

  it('backs off exponentially with jitter, honours Retry-After, and gives up in time', () => {
    expect(retryDelayMs(policy, { attempts: 1, elapsedMs: 0, random: 0 })).toBe(250);
    expect(retryDelayMs(policy, { attempts: 2, elapsedMs: 0, random: 0.5 })).toBe(750);
    expect(retryDelayMs(policy, { attempts: 1, elapsedMs: 0, random: 0, retryAfterMs: 4000 })).toBe(4000);
    expect(retryDelayMs(policy, { attempts: 3, elapsedMs: 0, random: 0 })).toBeUndefined();
    expect(retryDelayMs(policy, { attempts: 1, elapsedMs: 29_900, random: 0 })).toBeUndefined();
    expect(retryDelayMs(policy, { attempts: 1, elapsedMs: 0, random: 0, retryAfterMs: 60_000 })).toBeUndefined();
  });
});

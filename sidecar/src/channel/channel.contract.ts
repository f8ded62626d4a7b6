/**
 * What every channel promises, told by one script of faults: it never throws, says "sent" only when the receiver took
 * the message, and tells a fault that may pass from one that will not. A channel without a wire answers "sent" to all.
 */
import type { Channel, Notification } from '../ports.ts';

interface Expected {
  readonly sent: boolean;
  readonly retryable?: boolean;
  readonly retryAfterMs?: number;
}

export const FAULTS = {
  ok: { sent: true },
  noContent: { sent: true },
  slowBody: { sent: true },
  error500: { sent: false, retryable: true },
  busy429: { sent: false, retryable: true, retryAfterMs: 7_000 },
  notFound: { sent: false, retryable: false },
  redirect: { sent: false, retryable: false },
  hang: { sent: false, retryable: true },
  close: { sent: false, retryable: true },
} as const satisfies Record<string, Expected>;

export type FaultName = keyof typeof FAULTS;

export const NOTIFICATION: Notification = {
  idempotencyKey: 'aa-bb-0',
  groupKey: '0:{alertname="SlowVenue"}',
  receiver: 'desk',
  status: 'firing',
  groupLabels: { alertname: 'SlowVenue' },
  commonLabels: { alertname: 'SlowVenue', severity: 'CRITICAL' },
  commonAnnotations: {},
  alerts: ['XNAS', 'XLON'].map((venue, index) => ({
    status: index === 0 ? ('firing' as const) : ('resolved' as const),
    labels: { alertname: 'SlowVenue', severity: 'CRITICAL', venue },
    annotations: { summary: `${venue} is slow: "quoted", {{ $value }}, <!channel>\r\nX-Evil: 1` },
    startsAtNanos: 1_800_000_000_123_456_789n,
    endsAtNanos: index === 0 ? null : 1_800_000_060_000_000_000n,
    value: 0.25,
    fingerprint: `f${index}`,
  })),
};

/** `open` prepares a receiver with the fault and yields the channel that talks to it. */
export function channelContract(
  kind: string,
  open: (fault: FaultName) => Promise<Channel>,
  faults: readonly FaultName[],
): void {
  describe(`the channel contract: ${kind}`, () => {
    it.each(faults)('%s', async (fault) => {
      const channel = await open(fault);
      const receipt = await channel.send(NOTIFICATION, new AbortController().signal);
      expect(receipt).toMatchObject(FAULTS[fault]);
      expect(receipt.detail).not.toBe('');
    });
  });
}

/** What `check` and `doctor` say of settings that are read but need a word: channels, and what is not delivered yet. */
import { broadcastKinds } from '../channel/broadcast.ts';
import { NOT_YET } from '../check/checks.ts';
import type { Config } from '../config.ts';

export interface Configured {
  readonly name: string;
  readonly detail: string;
}

export function configuredParts({ notifications, health_checks: checks, monitoring }: Config): readonly Configured[] {
  const kinds = broadcastKinds(notifications);
  const list = kinds.length === 0 ? 'none beside the receivers of the Alertmanager file' : kinds.join(', ');
  const pending = NOT_YET.filter((name) => checks[name].enabled);
  const running = Object.entries(checks).filter(
    ([name, { enabled }]) => enabled && !NOT_YET.some((other) => other === name),
  );
  const port = (value: number): string => (value === 0 ? 'off' : `${monitoring.listen_address}:${value}`);
  return [
    {
      name: 'channels',
      detail: notifications.enabled ? list : 'switched off (notifications.enabled): nothing is sent',
    },
    { name: 'health checks', detail: `${running.map(([name]) => name).join(', ') || 'none'} run` },
    ...(pending.length === 0
      ? []
      : [{ name: 'health checks', detail: `configured, not yet delivered by this version: ${pending.join(', ')}` }]),
    { name: 'exposition', detail: port(monitoring.prometheus_port) },
    { name: 'live updates', detail: port(monitoring.websocket_port) },
  ];
}

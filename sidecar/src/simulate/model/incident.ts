/**
 * Scripted incidents, so that there is something to see: what goes wrong, when, for how long, how often. A schedule is
 * text, `kind@start+duration[/every][:target]` in seconds, separated by commas:
 * `slow-hop@20+15/120:gateway, venue-outage@55+12/120:BATS, volatility@90+15/120`. `none` has no incident.
 */
import { TapewatchError } from '../../errors.ts';

export const INCIDENT_KINDS = ['slow-hop', 'venue-outage', 'volatility'] as const;
export type IncidentKind = (typeof INCIDENT_KINDS)[number];

export interface Incident {
  readonly kind: IncidentKind;
  readonly startSeconds: number;
  readonly durationSeconds: number;
  /** 0: once. */
  readonly everySeconds: number;
  /** Hop, venue or symbol; empty: the kind's default. */
  readonly target: string;
}

export const STANDARD_SCHEDULE =
  'slow-hop@20+15/120:gateway,venue-outage@55+12/120,volatility@90+15/120,slow-hop@190+15/240:risk';

const FORM = /^([a-z-]+)@(\d+(?:\.\d+)?)\+(\d+(?:\.\d+)?)(?:\/(\d+(?:\.\d+)?))?(?::([\w.-]+))?$/;

/** Throws `config.invalid` that quotes the part it cannot read. */
export function parseSchedule(text: string): readonly Incident[] {
  if (text === 'none' || text.trim() === '') return [];
  if (text === 'standard') return parseSchedule(STANDARD_SCHEDULE);
  return text.split(',').map((part) => {
    const match = FORM.exec(part.trim());
    const kind = INCIDENT_KINDS.find((known) => known === match?.[1]);
    if (match === null || kind === undefined) {
      throw new TapewatchError(
        'config.invalid',
        `incident "${part.trim()}" is not of the form kind@start+duration[/every][:target] with a kind of ${INCIDENT_KINDS.join(', ')}; ` +
          'write for example slow-hop@20+15/120:gateway, or none',
      );
    }
    const [startSeconds, durationSeconds, everySeconds] = [match[2], match[3], match[4] ?? 0].map(Number) as [
      number,
      number,
      number,
    ];
    return { kind, startSeconds, durationSeconds, everySeconds, target: match[5] ?? '' };
  });
}

/** What is wrong at a time; answers in O(incidents). */
export class IncidentClock {
  readonly #incidents: readonly Incident[];

  constructor(incidents: readonly Incident[]) {
    this.#incidents = incidents;
  }

  active(kind: IncidentKind, atNanos: number): Incident | undefined {
    return this.#incidents.find((incident) => incident.kind === kind && covers(incident, atNanos / 1e9));
  }

  /** True when an incident of the kind hits the target; an incident without target hits `fallback`. */
  hits(kind: IncidentKind, target: string, at: { readonly nanos: number; readonly fallback: string }): boolean {
    return this.#incidents.some(
      (incident) =>
        incident.kind === kind && covers(incident, at.nanos / 1e9) && (incident.target || at.fallback) === target,
    );
  }
}

function covers({ startSeconds, durationSeconds, everySeconds }: Incident, seconds: number): boolean {
  const since = seconds - startSeconds;
  if (since < 0) return false;
  return (everySeconds > 0 ? since % everySeconds : since) < durationSeconds;
}

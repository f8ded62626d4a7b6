/**
 * What an alert says beyond its rule's texts, from the moment it fires until it ends: a correlation id by which records join,
 * and, for rules that ask for it, an explanation of what was slow. The id is that of the order the explanation points at,
 * else one of the alert's own that follows from what it is about and when it began, so that a restart tells the same.
 */
import { fingerprintText, type Labels, type Transition } from '@tapewatch/core';
import type { Clock, ExplainAlert, Logger } from '../ports.ts';
import { withDeadline } from './deadline.ts';

/** An explanation reads thousands of orders: of alerts that fire at once, so many are explained, the others refer to them. */
const MAX_EXPLAINED_AT_ONCE = 3;

type Annotations = Readonly<Record<string, string>>;

export interface EvidenceDeps {
  readonly clock: Clock;
  readonly log: Pick<Logger, 'warn'>;
  readonly explain: ExplainAlert;
}

export interface ExplainedRule {
  readonly name: string;
  readonly group: string;
  /** How far back the explanation looks; 0: none is wanted. */
  readonly explainOverMs: number;
  readonly timeoutMs: number;
}

/** Of one rule's alerts; holds an entry for each that fires. */
export class AlertEvidence {
  readonly #byAlert = new Map<string, Annotations>();

  of(labels: Labels): Annotations {
    return this.#byAlert.get(labels.key) ?? {};
  }

  /** `annotations`: as stored with the alert, of which `own` are the rule's. */
  restore(labels: Labels, annotations: Annotations, own: Annotations): void {
    const found = Object.entries(annotations).filter(([name]) => !Object.hasOwn(own, name));
    if (found.length > 0) this.#byAlert.set(labels.key, Object.fromEntries(found));
  }

  /** The same transitions with what is known of their alerts; what the rule says itself stays as it is. Never rejects. */
  async complete(
    transitions: readonly Transition[],
    rule: ExplainedRule,
    deps: EvidenceDeps,
  ): Promise<readonly Transition[]> {
    const begun = transitions.filter(({ to, labels }) => to === 'firing' && !this.#byAlert.has(labels.key));
    const explained = begun.slice(0, rule.explainOverMs > 0 ? MAX_EXPLAINED_AT_ONCE : 0);
    const explanations = await Promise.all(explained.map((transition) => explain(transition, rule, deps)));
    for (const [i, transition] of begun.entries()) {
      const own = { correlation_id: incidentOf(transition, rule) };
      const found = explanations[i] ?? (rule.explainOverMs > 0 ? TOO_MANY : {});
      this.#byAlert.set(transition.labels.key, { ...own, ...found });
    }
    return transitions.map((transition) => {
      const { labels, annotations, to } = transition;
      const known = this.of(labels);
      if (to === 'inactive') this.#byAlert.delete(labels.key);
      return { ...transition, annotations: { ...known, ...annotations } };
    });
  }
}

const TOO_MANY = { explanation: 'more alerts of this rule began at once than are explained; see the others' };

async function explain(
  { labels, timeNanos }: Transition,
  { name, explainOverMs, timeoutMs }: ExplainedRule,
  { clock, log, explain: ask }: EvidenceDeps,
): Promise<Annotations> {
  const message = `the explanation took longer than ${timeoutMs} ms`;
  try {
    const endMs = Number(timeNanos / 1_000_000n);
    return await withDeadline(clock, { timeoutMs, message }, (signal) =>
      ask(labels, { startMs: endMs - explainOverMs, endMs }, signal),
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log.warn(
      { rule: name, labels: labels.toRecord(), error: reason },
      'An alert could not be explained; it is told so.',
    );
    return { explanation: `could not be explained: ${reason}` };
  }
}

/** Such as incident_20250726_1f3a9c02. */
function incidentOf({ labels, activeAtNanos }: Transition, { name, group }: ExplainedRule): string {
  const day = new Date(Number(activeAtNanos / 1_000_000n)).toISOString().slice(0, 10).replaceAll('-', '');
  const about = JSON.stringify([group, name, labels.key, String(activeAtNanos)]);
  // Joined, which makes one text; an interpolated one keeps its parts as long as the alert lives.
  return ['incident', day, fingerprintText(about).slice(0, 8)].join('_');
}

/** Warnings and infos of one evaluation, each text once, with its place in the query; wording as Prometheus's. */
import { positionOf, type TextSpan } from './error.ts';

/** Most annotations of one kind that an answer carries; the rest is summed up in one line. */
export const MAX_ANNOTATIONS = 20;

export class Annotations {
  readonly #text: string;
  readonly #warnings = new Set<string>();
  readonly #infos = new Set<string>();

  readonly #advice: boolean;

  /** `advice`: whether to say more than Prometheus does. */
  constructor(text: string, { advice }: { advice: boolean } = { advice: true }) {
    this.#text = text;
    this.#advice = advice;
  }

  /** What only we say. */
  advise(severity: 'warning' | 'info', message: string, span: TextSpan): void {
    if (!this.#advice) return;
    if (severity === 'warning') this.warn(message, span);
    else this.info(message, span);
  }

  warn(message: string, span: TextSpan): void {
    this.#warnings.add(`PromQL warning: ${message} (${positionOf(this.#text, span.from)})`);
  }

  info(message: string, span: TextSpan): void {
    this.#infos.add(`PromQL info: ${message} (${positionOf(this.#text, span.from)})`);
  }

  get warnings(): string[] {
    return bounded(this.#warnings);
  }

  get infos(): string[] {
    return bounded(this.#infos);
  }
}

function bounded(texts: ReadonlySet<string>): string[] {
  const all = [...texts];
  if (all.length <= MAX_ANNOTATIONS) return all;
  return [...all.slice(0, MAX_ANNOTATIONS), `${all.length - MAX_ANNOTATIONS} more annotations omitted`];
}

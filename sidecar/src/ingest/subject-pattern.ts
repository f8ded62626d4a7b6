/**
 * Subject patterns: `md.{venue}.{symbol}.quote` is the NATS filter `md.*.*.quote` plus a way to read the tokens as labels.
 * `{name?}` at the end may be missing: `tw.orders.{venue?}.{strategy?}` is the filter `tw.orders.>`, and further tokens
 * are passed over. `*` and `>` mean what they mean in NATS.
 */
import { LABEL_NAME_PATTERN } from '@tapewatch/contract';

export interface SubjectPattern {
  /** What to subscribe to. */
  readonly filter: string;
  /** Labels of a subject that matches the filter. */
  extract(subject: string): Record<string, string>;
}

/** The pattern, or a sentence that says what is wrong with it. */
export function compileSubjectPattern(pattern: string): SubjectPattern | string {
  const filter: string[] = [];
  const captures: { readonly position: number; readonly label: string }[] = [];
  const tokens = pattern.split('.');
  for (const [position, token] of tokens.entries()) {
    const captured = /^\{([^{}?]*)(\?)?\}$/.exec(token);
    const label = captured?.[1];
    const fault =
      label === undefined ? literalFault(token, position === tokens.length - 1) : labelFault(label, captures);
    if (fault !== undefined) return `subject pattern "${pattern}": ${fault}`;
    if (label !== undefined) captures.push({ position, label });
    const open = filter.at(-1) === '>';
    if (open && captured?.[2] !== '?') return `subject pattern "${pattern}": only {name?} may follow {name?}`;
    if (!open) filter.push(label === undefined ? token : captured?.[2] === '?' ? '>' : '*');
  }
  return { filter: filter.join('.'), extract: (subject) => extract(subject, captures) };
}

function labelFault(label: string, captures: readonly { readonly label: string }[]): string | undefined {
  if (!LABEL_NAME_PATTERN.test(label)) return `{${label}} is not a label name ([a-zA-Z_][a-zA-Z0-9_]*)`;
  return captures.some((capture) => capture.label === label) ? `{${label}} stands twice` : undefined;
}

function literalFault(token: string, isLast: boolean): string | undefined {
  if (token === '') return 'a token is empty';
  if (token === '*' || (token === '>' && isLast)) return undefined;
  return /[\s*>{}?]/.test(token) ? `"${token}" is not a subject token` : undefined;
}

function extract(
  subject: string,
  captures: readonly { readonly position: number; readonly label: string }[],
): Record<string, string> {
  const tokens = subject.split('.');
  const labels: Record<string, string> = {};
  for (const { position, label } of captures) {
    const token = tokens[position];
    if (token !== undefined) labels[label] = token;
  }
  return labels;
}

/** Whether every subject of `filter` is one of `wide`: `tw.>` covers `tw.orders.*`. */
export function subjectCovers(wide: string, filter: string): boolean {
  const narrow = filter.split('.');
  const tokens = wide.split('.');
  for (const [position, token] of tokens.entries()) {
    const other = narrow[position];
    if (token === '>') return other !== undefined;
    if (other === undefined || other === '>' || (token !== '*' && token !== other)) return false;
  }
  return narrow.length === tokens.length;
}

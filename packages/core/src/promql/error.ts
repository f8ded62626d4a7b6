/**
 * What goes wrong with a query, by cause: `parse` (syntax and types), `execution` (the data do not allow it, such as
 * duplicate label sets), `limit` (a named bound was passed), `cancelled`. The position points into the query text.
 */
export type PromqlErrorKind = 'parse' | 'execution' | 'limit' | 'cancelled';

/** A piece of the query text, in UTF-16 units; `to` is exclusive. */
export interface TextSpan {
  readonly from: number;
  readonly to: number;
}

export class PromqlError extends Error {
  override readonly name = 'PromqlError';
  readonly kind: PromqlErrorKind;
  readonly from: number;
  readonly to: number;

  constructor(kind: PromqlErrorKind, message: string, span: TextSpan = { from: 0, to: 0 }) {
    super(message);
    this.kind = kind;
    this.from = span.from;
    this.to = span.to;
  }
}

/** `line:column`, both from 1, of an offset in a text. */
export function positionOf(text: string, offset: number): string {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return `${line}:${offset - before.lastIndexOf('\n')}`;
}

/** The message with its place in the query, for people: a parse error as Prometheus tells it, a failed evaluation as a warning. */
export function located(text: string, { kind, message, from }: PromqlError): string {
  if (kind === 'parse') return `${positionOf(text, from)}: parse error: ${message}`;
  return kind === 'execution' ? `${message} (${positionOf(text, from)})` : message;
}

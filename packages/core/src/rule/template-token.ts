/** The words inside `{{ }}`. Reads a subset of Go's template syntax; what it cannot read is an error with its place. */

/** `position`: UTF-16 offset into the whole text. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  readonly position: number;

  constructor(message: string, position: number) {
    super(message);
    this.position = position;
  }
}

export interface Token {
  /** `label`: text is the label's name. `value`: the sample's value. `name`: a function. */
  readonly kind: 'label' | 'value' | 'string' | 'number' | 'name' | 'pipe';
  readonly text: string;
  readonly position: number;
}

/** Sticky, tried in order; the first group is the token's text. */
const PATTERNS: readonly (readonly [kind: Token['kind'] | 'space', pattern: RegExp])[] = [
  ['space', /\s+/y],
  ['pipe', /(\|)/y],
  ['label', /(?:\$labels|\.Labels)\.([a-zA-Z_]\w*)/y],
  ['value', /(\$value|\.Value)(?![\w.])/y],
  ['string', /("(?:[^"\\\n]|\\.)*"|`[^`]*`)/y],
  ['number', /([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])/y],
  ['name', /([a-zA-Z_]\w*)(?![\w.])/y],
];

export function tokenizeAction(body: string, offset: number): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < body.length) {
    const found = matchAt(body, at);
    if (found === undefined) {
      const word = /^\S+/.exec(body.slice(at))?.[0] ?? body[at] ?? '';
      throw new TemplateError(
        `"${word}" is not understood; templates know $labels.<name>, $value and pipes`,
        offset + at,
      );
    }
    if (found.kind !== 'space') {
      const text = found.kind === 'string' ? unquote(found.text, offset + at) : found.text;
      tokens.push({ kind: found.kind, text, position: offset + at });
    }
    at += found.length;
  }
  return tokens;
}

function matchAt(
  body: string,
  at: number,
): { kind: Token['kind'] | 'space'; text: string; length: number } | undefined {
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = at;
    const match = pattern.exec(body);
    if (match !== null) return { kind, text: match[1] ?? '', length: match[0].length };
  }
  return undefined;
}

function unquote(quoted: string, position: number): string {
  if (quoted.startsWith('`')) return quoted.slice(1, -1);
  try {
    return JSON.parse(quoted) as string;
  } catch {
    throw new TemplateError(`${quoted} has an escape that is not understood`, position);
  }
}

/**
 * Where in a PromQL text the cursor stands, and so what may be completed there. A small scanner instead of the grammar:
 * the text is unfinished by nature, and only brackets, strings, words and matchers matter. Pure. O(length of the text).
 */

export interface Matcher {
  readonly label: string;
  readonly operator: string;
  /** As written, with its quotes. */
  readonly value: string;
}

/** `from` is the offset where the word to be replaced begins. `selector` names the series that are meant; '' means all. */
export type Situation =
  | { readonly kind: 'none' }
  | { readonly kind: 'expression'; readonly from: number; readonly word: string }
  | { readonly kind: 'duration'; readonly from: number; readonly word: string }
  | {
      readonly kind: 'label-name';
      readonly from: number;
      readonly word: string;
      readonly selector: string;
      /** Labels that stand there already. */
      readonly used: readonly string[];
      /** In `by (...)` a label stands alone; in a selector a matcher follows. */
      readonly inGrouping: boolean;
    }
  | {
      readonly kind: 'label-value';
      readonly from: number;
      readonly word: string;
      readonly label: string;
      readonly selector: string;
      /** False when the value's quotes must be inserted too. */
      readonly quoted: boolean;
    };

const GROUPING_WORDS = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right']);
const KEYWORDS = new Set([...GROUPING_WORDS, 'offset', 'bool', 'and', 'or', 'unless', 'start', 'end', 'inf', 'nan']);
const NONE: Situation = { kind: 'none' };

interface Frame {
  readonly open: '(' | '{' | '[';
  /** Offset behind the bracket. */
  readonly start: number;
  /** The word before the bracket: metric, function or grouping keyword. */
  readonly before: string;
}

interface Scan {
  readonly frames: readonly Frame[];
  /** Quote and start of the string that is still open. */
  readonly string: { readonly quote: string; readonly start: number } | undefined;
  readonly inComment: boolean;
}

export function situationAt(text: string, offset: number): Situation {
  const scan = scanTo(text, offset);
  if (scan.inComment) return NONE;
  const frame = scan.frames[scan.frames.length - 1];
  if (frame?.open === '{') return insideSelector(text, offset, { frame, scan });
  if (scan.string !== undefined) return NONE;
  const { word, from } = wordBefore(text, offset);
  if (frame?.open === '[') return { kind: 'duration', ...durationBefore(text, offset, frame.start) };
  if (frame?.open === '(' && GROUPING_WORDS.has(frame.before.toLowerCase())) {
    const used = words(text.slice(frame.start, from));
    return { kind: 'label-name', from, word, selector: nearestMetric(text, offset), used, inGrouping: true };
  }
  if (/\d/.test(text[from] ?? '') || isBehindOperand(text.slice(0, from))) return NONE;
  return { kind: 'expression', from, word };
}

function scanTo(text: string, offset: number): Scan {
  const frames: Frame[] = [];
  let string: Scan['string'];
  let inComment = false;
  for (let i = 0; i < offset; i++) {
    const character = text[i] as string;
    if (inComment) inComment = character !== '\n';
    else if (string !== undefined) {
      if (character === '\\' && string.quote !== '`') i++;
      else if (character === string.quote) string = undefined;
    } else if (character === '#') inComment = true;
    else if (character === '"' || character === "'" || character === '`') string = { quote: character, start: i + 1 };
    else if (character === '(' || character === '{' || character === '[') {
      frames.push({ open: character, start: i + 1, before: wordBefore(text, trimmedEnd(text, i)).word });
    } else if (character === ')' || character === '}' || character === ']') frames.pop();
  }
  return { frames, string, inComment };
}

function insideSelector(text: string, offset: number, at: { readonly frame: Frame; readonly scan: Scan }): Situation {
  const { frame, scan } = at;
  const before = text.slice(frame.start, scan.string?.start ?? offset);
  const others = [...parseMatchers(before), ...parseMatchers(restOfSelector(text, offset))];
  const pending = /([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*["'`]?$/.exec(before);
  const selector = selectorText(frame.before, others);
  if (pending !== null) {
    const [from, quoted] = scan.string === undefined ? [offset, false] : [scan.string.start, true];
    return { kind: 'label-value', from, word: text.slice(from, offset), label: pending[1] as string, selector, quoted };
  }
  if (scan.string !== undefined) return NONE;
  const { word, from } = wordBefore(text, offset);
  // A label's name stands at the beginning or behind a comma.
  if (!/(^|,)\s*$/.test(text.slice(frame.start, from))) return NONE;
  return { kind: 'label-name', from, word, selector, used: others.map(({ label }) => label), inGrouping: false };
}

export function parseMatchers(text: string): Matcher[] {
  const pattern = /([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)/g;
  return [...text.matchAll(pattern)].map((match) => ({
    label: match[1] as string,
    operator: match[2] as string,
    value: match[3] as string,
  }));
}

function restOfSelector(text: string, offset: number): string {
  const end = text.indexOf('}', offset);
  const rest = text.slice(offset, end === -1 ? text.length : end);
  // Behind the next comma: before it stands the rest of what is being written.
  const comma = rest.indexOf(',');
  return comma === -1 ? '' : rest.slice(comma);
}

/** Matchers with variables are left out: the sidecar does not know them. */
export function selectorText(metric: string, matchers: readonly Matcher[]): string {
  const known = matchers.filter(({ value }) => !value.includes('$'));
  if (metric === '' && known.length === 0) return '';
  const inside = known.map(({ label, operator, value }) => `${label}${operator}${value}`).join(',');
  return inside === '' ? metric : `${metric}{${inside}}`;
}

function wordBefore(text: string, offset: number): { word: string; from: number } {
  let from = offset;
  while (from > 0 && /[\w:$]/.test(text[from - 1] as string)) from--;
  return { word: text.slice(from, offset), from };
}

function durationBefore(text: string, offset: number, start: number): { word: string; from: number } {
  const colon = text.lastIndexOf(':', offset - 1);
  const from = Math.max(start, colon >= start ? colon + 1 : start);
  const spaces = /^\s*/.exec(text.slice(from, offset))?.[0].length ?? 0;
  return { from: from + spaces, word: text.slice(from + spaces, offset) };
}

function trimmedEnd(text: string, offset: number): number {
  return text.slice(0, offset).trimEnd().length;
}

function words(text: string): string[] {
  return text.match(/[a-zA-Z_]\w*/g) ?? [];
}

/** Behind a closed bracket or a value only an operator may follow. */
function isBehindOperand(before: string): boolean {
  return (
    /[)\]}"'`]\s*$/.test(before) && !/\b(by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)\s*$/i.test(before)
  );
}

/** The metric that a grouping is about: the next one behind the cursor, else the last one before it. */
function nearestMetric(text: string, offset: number): string {
  const bare = text
    .replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|#.*|\{[^}]*\}|\[[^\]]*\]/g, (match) =>
      ' '.repeat(match.length),
    )
    .replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)?/gi, (match) => ' '.repeat(match.length));
  const metrics = [...bare.matchAll(/[a-zA-Z_:][\w:]*(?!\s*\()(?![\w:])/g)].filter(
    (match) => !KEYWORDS.has(match[0].toLowerCase()),
  );
  const next = metrics.find((match) => match.index >= offset) ?? metrics[metrics.length - 1];
  return next?.[0] ?? '';
}

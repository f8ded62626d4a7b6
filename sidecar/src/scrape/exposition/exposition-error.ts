/** A page that cannot be read, with the place: a scrape is taken whole or not at all, so the first fault ends it. */

const EXCERPT_LENGTH = 80;

export class ExpositionError extends Error {
  override readonly name = 'ExpositionError';
}

/** `at` counts UTF-16 units of the text; line and column count from 1. */
export function faultAt(text: string, at: number, message: string): ExpositionError {
  const lineStart = text.lastIndexOf('\n', at - 1) + 1;
  let line = 1;
  for (let i = text.indexOf('\n'); i !== -1 && i < lineStart; i = text.indexOf('\n', i + 1)) line++;
  const end = text.indexOf('\n', at);
  const excerpt = text.slice(lineStart, end === -1 ? undefined : end).slice(0, EXCERPT_LENGTH);
  return new ExpositionError(`line ${line}, column ${at - lineStart + 1}: ${message} in ${JSON.stringify(excerpt)}`);
}

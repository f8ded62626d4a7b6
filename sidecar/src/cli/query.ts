/** `tapewatch query`: an instant PromQL query to a running sidecar over HTTP. Never opens the store itself. */
import type { Command } from 'commander';
import { TapewatchError } from '../errors.ts';

const DEFAULT_URL = 'http://127.0.0.1:9470';

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data?: { readonly resultType: string; readonly result: unknown };
}

export function registerQuery(program: Command): void {
  program
    .command('query <expr>')
    .description('evaluate PromQL on a running sidecar')
    .option('--url <url>', `address of the sidecar (default: ${DEFAULT_URL})`, DEFAULT_URL)
    .option('--time <time>', 'RFC 3339 or Unix seconds; default: now')
    .option('--token <token>', 'bearer token; default: TAPEWATCH_TOKEN')
    .option('--json', 'print the answer as it is')
    .action((expr: string, options: QueryOptions) => query(expr, options));
}

interface QueryOptions {
  readonly url: string;
  readonly time?: string;
  readonly token?: string;
  readonly json?: boolean;
}

async function query(
  expr: string,
  { url, time, token = process.env['TAPEWATCH_TOKEN'], json }: QueryOptions,
): Promise<void> {
  const parameters = new URLSearchParams({ query: expr, ...(time === undefined ? {} : { time }) });
  const headers = token === undefined || token === '' ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(`${url}/api/v1/query?${parameters}`, { headers }).catch((cause: unknown) => {
    throw new TapewatchError('source.unavailable', `no sidecar answers at ${url}; is it running? (--url)`, { cause });
  });
  const answer = (await response.json()) as Answer;
  if (answer.status !== 'success' || answer.data === undefined) {
    throw new TapewatchError('query.invalid', answer.error ?? `${url} answered ${response.status}`);
  }
  if (json === true) console.log(JSON.stringify(answer));
  else for (const line of lines(answer.data)) console.log(line);
}

function lines({ resultType, result }: NonNullable<Answer['data']>): string[] {
  if (resultType === 'scalar' || resultType === 'string') return [String((result as [number, string])[1])];
  return (result as { metric: Record<string, string>; value?: [number, string]; histogram?: [number, unknown] }[]).map(
    ({ metric, value, histogram }) => `${seriesText(metric)} ${value?.[1] ?? JSON.stringify(histogram?.[1])}`,
  );
}

function seriesText({ __name__: name = '', ...labels }: Record<string, string>): string {
  const inner = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return inner.length === 0 && name !== '' ? name : `${name}{${inner.join(', ')}}`;
}

/** `tapewatch ask`: any query document to a running sidecar over HTTP, answered as lines of text. Never opens the store. */
import { tradingData } from '@tapewatch/contract';
import type { Command } from 'commander';
import type { z } from 'zod';
import { TapewatchError } from '../errors.ts';

const DEFAULT_URL = 'http://127.0.0.1:9470';

interface AskOptions {
  readonly url: string;
  readonly from?: string;
  readonly to?: string;
  readonly token?: string;
  readonly json?: boolean;
}

export function registerAsk(program: Command): void {
  program
    .command('ask <document>')
    .description('send a query document, such as {"queryType":"risk"}, to a running sidecar')
    .option('--url <url>', `address of the sidecar (default: ${DEFAULT_URL})`, DEFAULT_URL)
    .option('--from <time>', 'RFC 3339 or Unix seconds; default: an hour before the end')
    .option('--to <time>', 'RFC 3339 or Unix seconds; default: now')
    .option('--token <token>', 'bearer token; default: TAPEWATCH_TOKEN')
    .option('--json', 'print the answer as it is')
    .action(async (document: string, options: AskOptions) => {
      for (const line of await ask(document, options)) console.log(line);
    });
}

/** Lines to print. Throws `source.unavailable` when nobody answers, and what the sidecar says when it refuses. */
export async function ask(
  document: string,
  { url, from, to, token = process.env['TAPEWATCH_TOKEN'], json }: AskOptions,
): Promise<string[]> {
  const body = new URLSearchParams({
    document,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  });
  const headers = token === undefined || token === '' ? {} : { authorization: `Bearer ${token}` };
  const request = { method: 'POST', headers, body };
  const response = await fetch(`${url}/api/v1/trading/query`, request).catch((cause: unknown) => {
    throw new TapewatchError('source.unavailable', `no sidecar answers at ${url}; is it running? (--url)`, { cause });
  });
  const answer = (await response.json()) as {
    readonly status: string;
    readonly error?: string;
    readonly data?: unknown;
  };
  const data = tradingData.safeParse(answer.data);
  if (answer.status !== 'success' || !data.success) {
    throw new TapewatchError('query.invalid', answer.error ?? `${url} answered ${response.status}`);
  }
  return json === true ? [JSON.stringify(answer)] : data.data.tables.flatMap(tableLines);
}

type AnswerTable = z.infer<typeof tradingData>['tables'][number];

/** Columns side by side; what is withheld is a dash, and the reasons follow. */
function tableLines({ name, columns, rows, notices }: AnswerTable): string[] {
  const cells = [columns.map((column) => column.name), ...rows.map((row) => row.map((cell) => String(cell ?? '-')))];
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)));
  const lines = cells.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [
    ...(name === '' ? [] : [`# ${name}`]),
    ...(columns.length === 0 ? ['no data'] : lines),
    ...notices.map((text) => `# ${text}`),
  ];
}

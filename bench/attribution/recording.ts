/**
 * Recorded Binance feeds as windows of 250 ms: exchange stamp to receipt (its level is the clocks', so the fastest message of
 * the whole recording is taken off), messages, trades, realised variance. Spot book tickers carry no stamp and count as
 * messages only.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { quantileType7, type LoadWindow } from '@tapewatch/core';

export const RECORDINGS = ['usdm/btcusdt_20240808', 'spot/btcusdt_20240808', 'spot/ethusdt_20240808'] as const;
export type RecordingName = (typeof RECORDINGS)[number];

export interface Recording {
  readonly name: RecordingName;
  readonly windowMs: number;
  /** Delays of each window, milliseconds above the fastest of all. */
  readonly delays: readonly (readonly number[])[];
  readonly load: readonly Omit<LoadWindow, 'latencyMs'>[];
}

const WINDOW_MS = 250;

/** Null where the recordings are not at hand. */
export function readRecording(name: RecordingName, folder = join('..', 'shared', 'data', 'binance')): Recording | null {
  const file = join(folder, `${name}.gz`);
  if (!existsSync(file)) return null;
  const rows = gunzipSync(readFileSync(file))
    .toString('utf8')
    .split('\n')
    .map(rowOf)
    .filter((row) => row !== null);
  const start = Math.floor((rows[0]?.receivedMs ?? 0) / WINDOW_MS);
  const delays: number[][] = [];
  const load: { endMs: number; messages: number; trades: number; realisedVariance: number }[] = [];
  let lastPrice: number | null = null;
  const least = rows.reduce((min, { delayMs }) => Math.min(min, delayMs ?? Infinity), Infinity);
  for (const { receivedMs, delayMs, price } of rows) {
    const window = Math.floor(receivedMs / WINDOW_MS) - start;
    for (let i = load.length; i <= window; i++) {
      load.push({ endMs: (start + i + 1) * WINDOW_MS, messages: 0, trades: 0, realisedVariance: 0 });
      delays.push([]);
    }
    const counts = load[window] as (typeof load)[number];
    counts.messages++;
    if (delayMs !== null) delays[window]?.push(delayMs - least);
    if (price === null) continue;
    counts.trades++;
    if (lastPrice !== null) counts.realisedVariance += Math.log(price / lastPrice) ** 2;
    lastPrice = price;
  }
  return { name, windowMs: WINDOW_MS, delays, load };
}

/** The windows of a stretch (all of them unless told), with `extraMs` drawn for each message and added to its delay. */
export function windowsOf(
  { delays, load }: Recording,
  quantile: number,
  extraMs: () => number,
  [from, to]: readonly [number, number] = [0, load.length],
): LoadWindow[] {
  return load.slice(from, to).map((counts, i): LoadWindow => {
    const values = Float64Array.from(delays[from + i] ?? [], (delay) => delay + extraMs()).sort();
    return { ...counts, latencyMs: values.length === 0 ? null : quantileType7(values, quantile) };
  });
}

interface Row {
  readonly receivedMs: number;
  readonly delayMs: number | null;
  readonly price: number | null;
}

function rowOf(line: string): Row | null {
  const space = line.indexOf(' ');
  if (space < 1) return null;
  const receivedMs = Number(BigInt(line.slice(0, space)) / 1_000n) / 1e3;
  const event = /"E":(\d+)/.exec(line);
  const trade = line.includes('"e":"trade"') ? /"p":"([\d.]+)"/.exec(line) : null;
  const price = trade === null ? null : Number(trade[1]);
  return {
    receivedMs,
    delayMs: event === null ? null : receivedMs - Number(event[1]),
    price: price !== null && price > 0 ? price : null,
  };
}

/** Figures of the market and of impact in a real recording; expected values computed apart by pandas and statsmodels. */
import { nanos } from '../../model/time.ts';
import { midOf } from '../execution/benchmark.ts';
import { MidLine } from '../execution/time-line.ts';
import { fitKyle } from '../impact/kyle.ts';
import { binanceRecording, describeWithRecording } from '../testing/binance-recording.ts';
import { feedHealth } from './feed-health.ts';
import { QuoteAverage } from './quote-average.ts';
import {
  annualised,
  barsOf,
  garmanKlassVariance,
  logReturns,
  parkinsonVariance,
  realisedVariance,
} from './volatility.ts';

const SECOND = 1_000_000_000n;

describeWithRecording('the market of BTCUSDT, 2024-08-08', () => {
  const { trades, quotes } = binanceRecording();
  const start = trades[0]?.timeNanos ?? nanos(0n);
  const end = quotes.at(-1)?.timeNanos ?? nanos(0n);
  const line = new MidLine(
    quotes.map(({ timeNanos }) => timeNanos),
    quotes.map((quote) => midOf(quote).mid ?? null),
    end,
  );
  const seconds = Array.from({ length: 345 }, (_, i) => line.at(start + BigInt(i) * SECOND));

  it('is quoted at 0.01846 bps on the average of time', () => {
    const average = new QuoteAverage();
    quotes.slice(0, -1).forEach((quote, i) => average.add(quote, quote.timeNanos, quotes[i + 1]?.timeNanos ?? end));
    const { spreadBps, usableSeconds, unusableSeconds } = average.averages();
    expect(spreadBps).toBeCloseTo(0.01846399072617916, 10);
    expect(usableSeconds + unusableSeconds).toBeCloseTo(344.396, 6);
  });

  it('moves 0.31107 USD for each BTC bought, and more evenly with its root', () => {
    const signedVolume = new Float64Array(344);
    for (const { timeNanos, quantity, aggressor } of trades) {
      const slot = Number((timeNanos - start) / SECOND);
      signedVolume[slot] = (signedVolume[slot] ?? 0) + (aggressor === 'buy' ? quantity : -quantity);
    }
    const fit = fitKyle(
      [...signedVolume].map((volume, i) => ({
        signedVolume: volume,
        midChange: (seconds[i + 1] as number) - (seconds[i] as number),
      })),
    );
    expect(fit?.linear.observations).toBe(344);
    expect(fit?.linear.slope.value).toBeCloseTo(0.31106989301512156, 9);
    expect(fit?.linear.slope.t).toBeCloseTo(15.502145167519325, 8);
    expect(fit?.linear.rSquared).toBeCloseTo(0.41269052622767266, 9);
    expect(fit?.root.rSquared).toBeCloseTo(0.5072954040648868, 9);
  });

  it('has volatilities a year of 0.689 from seconds, and 0.625 and 0.608 from bars of 10 s', () => {
    // The whole seconds between the first and the last print: 343.
    const realised = realisedVariance(logReturns(seconds.slice(0, 344)));
    expect(annualised(realised, 1)).toBeCloseTo(0.689, 3);
    const bars = barsOf(trades, start, 10n * SECOND);
    expect(bars).toHaveLength(35);
    expect(annualised(parkinsonVariance(bars), 10)).toBeCloseTo(0.6248769436914127, 9);
    expect(annualised(garmanKlassVariance(bars), 10)).toBeCloseTo(0.6078842773965653, 9);
  });

  it('numbers its messages with jumps, which are no gaps', () => {
    const health = feedHealth(quotes);
    expect(health).toMatchObject({ messages: 66_089, countsMessages: false, gaps: [], lostMessages: null });
  });
});

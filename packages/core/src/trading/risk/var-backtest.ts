/**
 * Does a value at risk hold? Counts the periods whose loss passed it and asks whether they are as many as promised (P.
 * Kupiec, "Techniques for Verifying the Accuracy of Risk Measurement Models", 1995), whether they come alone rather than
 * in a row (P. Christoffersen, "Evaluating Interval Forecasts", 1998), and whether the losses beyond are as large as the
 * expected shortfall said (C. Acerbi and B. Szekely, "Backtesting Expected Shortfall", 2014, test 2).
 */
import { chiSquareSurvival } from '../../stats/chi-square.ts';
import { figure, withheld, type Figure } from '../performance/figure.ts';

export interface LikelihoodTest {
  /** Likelihood ratio; chi-square distributed when the model holds. */
  readonly statistic: Figure;
  /** Probability of a statistic at least as large when the model holds. */
  readonly pValue: Figure;
}

/** `confidence` 0.99: one per cent of the periods may pass. Null without observations. */
export function kupiecTest(exceptions: number, observations: number, confidence: number): LikelihoodTest {
  if (observations === 0) return { statistic: withheld('empty'), pValue: withheld('empty') };
  const alpha = 1 - confidence;
  const promised = logLikelihood(exceptions, observations - exceptions, alpha);
  const seen = logLikelihood(exceptions, observations - exceptions, exceptions / observations);
  return ratioTest(promised, seen, 1);
}

/** Independence of exceptions: do they follow one another more often than they follow others? Needs two observations. */
export function christoffersenTest(exceptions: readonly boolean[]): LikelihoodTest {
  const missing = withheld(exceptions.length === 0 ? 'empty' : 'too_few');
  if (exceptions.length < 2) return { statistic: missing, pValue: missing };
  const counts = { calmCalm: 0, calmHit: 0, hitCalm: 0, hitHit: 0 };
  for (let i = 1; i < exceptions.length; i++) {
    const [before, now] = [exceptions[i - 1], exceptions[i]];
    if (before === true) counts[now === true ? 'hitHit' : 'hitCalm']++;
    else counts[now === true ? 'calmHit' : 'calmCalm']++;
  }
  const { calmCalm, calmHit, hitCalm, hitHit } = counts;
  const share = (hits: number, others: number): number => (hits + others === 0 ? 0 : hits / (hits + others));
  const together = logLikelihood(calmHit + hitHit, calmCalm + hitCalm, share(calmHit + hitHit, calmCalm + hitCalm));
  const apart =
    logLikelihood(calmHit, calmCalm, share(calmHit, calmCalm)) + logLikelihood(hitHit, hitCalm, share(hitHit, hitCalm));
  return ratioTest(together, apart, 1);
}

/** Both at once: as many as promised, and independent. */
export function conditionalCoverage(exceptions: readonly boolean[], confidence: number): LikelihoodTest {
  const independence = christoffersenTest(exceptions).statistic;
  // Christoffersen's sample begins with the second observation, which has a predecessor.
  const later = exceptions.slice(1);
  const coverage = kupiecTest(later.filter(Boolean).length, later.length, confidence).statistic;
  if (independence.value === null) return { statistic: independence, pValue: independence };
  if (coverage.value === null) return { statistic: coverage, pValue: coverage };
  const statistic = independence.value + coverage.value;
  return { statistic: figure(statistic), pValue: figure(chiSquareSurvival(statistic, 2)) };
}

export interface ShortfallForecast {
  readonly profit: number;
  /** Positive losses, as forecast before the profit was known. */
  readonly valueAtRisk: number;
  readonly expectedShortfall: number;
}

/**
 * Acerbi and Szekely's Z2: 0 when the shortfall holds, negative when the losses beyond are larger or more than promised
 * (about -0.7 is significant at 5 % for usual tails). Null without observations or for a shortfall that is no loss.
 */
export function acerbiSzekelyZ2(forecasts: readonly ShortfallForecast[], confidence: number): Figure {
  if (forecasts.length === 0) return withheld('empty');
  if (forecasts.some(({ expectedShortfall }) => expectedShortfall <= 0)) return withheld('no_loss');
  const sum = forecasts.reduce((total, { profit, valueAtRisk, expectedShortfall }) => {
    return profit < -valueAtRisk ? total + profit / expectedShortfall : total;
  }, 0);
  return figure(sum / (forecasts.length * (1 - confidence)) + 1);
}

/** Of a Bernoulli sequence; 0 log 0 is 0. */
function logLikelihood(hits: number, others: number, probability: number): number {
  const term = (count: number, p: number): number => (count === 0 ? 0 : count * Math.log(p));
  return term(hits, probability) + term(others, 1 - probability);
}

function ratioTest(restricted: number, free: number, degrees: number): LikelihoodTest {
  // Rounding may leave a ratio of equal likelihoods below zero.
  const statistic = Math.max(0, -2 * (restricted - free));
  return { statistic: figure(statistic), pValue: figure(chiSquareSurvival(statistic, degrees)) };
}

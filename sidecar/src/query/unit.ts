/** Units of series (Prometheus and UCUM words) as Grafana unit ids, and the units of derived quantities. */

const GRAFANA_UNITS: Readonly<Record<string, string>> = {
  seconds: 's',
  s: 's',
  milliseconds: 'ms',
  ms: 'ms',
  microseconds: 'µs',
  us: 'µs',
  nanoseconds: 'ns',
  ns: 'ns',
  bytes: 'bytes',
  by: 'bytes',
  bytes_per_second: 'Bps',
  per_second: 'cps',
  // The sign for a currency that is not said.
  currency: 'currency:¤',
  ratio: 'percentunit',
  percent: 'percent',
  '%': 'percent',
  bps: 'suffix:bps',
  celsius: 'celsius',
  hertz: 'hertz',
  watts: 'watt',
  volts: 'volt',
  '1': 'short',
};

const PER_SECOND: Readonly<Record<string, string>> = { short: 'cps', bytes: 'Bps', s: 'percentunit' };

/** Currencies that Grafana draws with their own sign; the others are written as a prefix. */
const CURRENCIES = new Set([
  'USD',
  'EUR',
  'GBP',
  'JPY',
  'CHF',
  'CAD',
  'AUD',
  'SEK',
  'NOK',
  'DKK',
  'INR',
  'BRL',
  'PLN',
  'CZK',
  'ZAR',
  'BTC',
]);

export function grafanaUnit(unit: string): string | undefined {
  return GRAFANA_UNITS[unit.toLowerCase()];
}

export function currencyUnit(currency: string): string {
  return CURRENCIES.has(currency) ? `currency${currency}` : `prefix:${currency} `;
}

export function perSecondUnit(unit: string | undefined): string | undefined {
  return unit === undefined ? undefined : PER_SECOND[unit];
}

/**
 * Random PromQL from a seed: one seed, one expression. Covers selectors with every matcher, offset and @, functions of
 * ranges and of vectors, aggregations with all clauses, binary operators with matching, subqueries, classic and native
 * histograms. Some are wrong on purpose: both engines must then refuse them.
 *
 * What is left out, and why: `topk` over computed values (of equal values Prometheus takes those that its hash table
 * gives first); a subquery inside a subquery (its times may fall on the edge of a window, where 2.x and 3.x differ).
 */
import { random } from './market-data.ts';

/** How deep operations are nested. */
const MAX_DEPTH = 3;

const METRICS = ['fills_total', 'pnl_usd', 'latency_seconds', 'rejects_total', 'venue_weight', 'odd_value'] as const;
const MATCHERS = [
  '{venue="XNAS"}',
  '{venue!="BATS"}',
  '{venue=~"X.*|ARCX"}',
  '{venue!~".*S"}',
  '{strategy=~"mm|twap", venue!=""}',
  '{strategy=""}',
  '{strategy="none"}',
];
const OF_COUNTER = ['rate', 'increase', 'irate', 'resets', 'changes', 'last_over_time', 'count_over_time'];
const OF_GAUGE = [
  'delta',
  'idelta',
  'deriv',
  'changes',
  'avg_over_time',
  'min_over_time',
  'max_over_time',
  'sum_over_time',
  'count_over_time',
  'stddev_over_time',
  'stdvar_over_time',
  'last_over_time',
  'present_over_time',
];
const NEW_OF_GAUGE = [
  'mad_over_time',
  'first_over_time',
  'ts_of_min_over_time',
  'ts_of_max_over_time',
  'ts_of_last_over_time',
  'ts_of_first_over_time',
];
const OF_VECTOR = [
  'abs',
  'ceil',
  'floor',
  'sgn',
  'sqrt',
  'exp',
  'ln',
  'log2',
  'log10',
  'sin',
  'cos',
  'tan',
  'atan',
  'sinh',
  'tanh',
  'asinh',
  'deg',
  'rad',
  'timestamp',
  'round',
  '-',
  '+',
];
const AGGREGATIONS = ['sum', 'avg', 'min', 'max', 'count', 'group', 'stddev', 'stdvar', 'quantile'];
const ARITHMETIC = ['+', '-', '*', '/', '%', '^', 'atan2'];
const COMPARISONS = ['==', '!=', '>', '<', '>=', '<='];
const SETS = ['and', 'or', 'unless'];
const CLAUSES = ['', ' by (venue)', ' by (strategy)', ' without (strategy)', ' by (venue, strategy)', ' without ()'];
const MATCHINGS = [
  '',
  ' on(venue)',
  ' on(venue, strategy)',
  ' ignoring(reason)',
  ' ignoring(region, strategy)',
  ' on()',
];
const GROUPS = [' on(venue) group_left', ' on(venue) group_left(region)', ' ignoring(strategy, region) group_left'];

/** `major`: the version that is asked; newer functions are for 3 and later. */
export function randomExpression(seed: number, major: number): string {
  return new Generator(seed, major).vector(MAX_DEPTH);
}

class Generator {
  readonly #next: () => number;
  readonly #major: number;
  #inSubquery = false;

  constructor(seed: number, major: number) {
    this.#next = random(seed);
    this.#major = major;
    // Neighbouring seeds begin alike.
    this.#next();
  }

  vector(depth: number): string {
    if (depth === 0) return this.#leaf();
    const inner = (): string => this.vector(depth - 1);
    return this.#weighted([
      [10, () => this.#leaf()],
      [14, () => this.#ofRange()],
      [8, () => this.#ofVector(inner())],
      [18, () => this.#aggregate(inner())],
      [14, () => `(${inner()} ${this.#operator()} ${this.#scalar()})`],
      [4, () => `(${this.#scalar()} ${this.#operator()} ${inner()})`],
      [14, () => this.#join(inner(), inner())],
      [4, () => `(${inner()} ${this.#pick(SETS)}${this.#pick(MATCHINGS)} ${inner()})`],
      [4, () => this.#classicQuantile()],
      [6, () => this.#native()],
      [3, () => this.#labels(inner())],
      [3, () => this.#rank()],
      [2, () => `absent(${this.#selector()})`],
      [2, () => `vector(scalar(${this.#aggregate(inner())}))`],
    ]);
  }

  #leaf(): string {
    return this.#chance(0.08) ? 'vector(time())' : `${this.#selector()}${this.#shift()}`;
  }

  #selector(): string {
    const metric = this.#pick(METRICS);
    return this.#chance(0.3) ? `${metric}${this.#pick(MATCHERS)}` : metric;
  }

  #shift(): string {
    return this.#weighted([
      [14, () => ''],
      [2, () => ` offset ${this.#minutes()}`],
      [1, () => ` offset -${this.#minutes()}`],
      [1, () => ` @ ${1_700_000_900.5 + 60 * Math.floor(this.#next() * 30)}`],
      [1, () => ' @ start()'],
      [1, () => ` @ end() offset ${this.#minutes()}`],
    ]);
  }

  #ofRange(): string {
    if (!this.#inSubquery && this.#chance(0.25)) return this.#ofSubquery();
    if (this.#chance(0.35)) {
      return `${this.#pick(OF_COUNTER)}(fills_total[${this.#minutes()}]${this.#shift()})`;
    }
    return this.#ofWindow(`${this.#selector()}[${this.#minutes()}]${this.#shift()}`);
  }

  #ofSubquery(): string {
    this.#inSubquery = true;
    const step = this.#pick(['30s', '45s', '1m', '']);
    const inner = this.vector(1);
    this.#inSubquery = false;
    const shift = this.#chance(0.2) ? ` offset ${this.#minutes()}` : '';
    const bare = /^[a-z_]+(\{[^}]*\})?$/.test(inner) ? inner : `(${inner})`;
    return this.#ofWindow(`${bare}[${this.#minutes()}:${step}]${shift}`);
  }

  #ofWindow(window: string): string {
    const names = this.#major >= 3 && this.#chance(0.2) ? NEW_OF_GAUGE : OF_GAUGE;
    return this.#weighted([
      [12, () => `${this.#pick(names)}(${window})`],
      [2, () => `quantile_over_time(${this.#next().toFixed(2)}, ${window})`],
      [1, () => `predict_linear(${window}, ${Math.floor(this.#next() * 600)})`],
      [1, () => `${this.#smoothing()}(${window}, 0.${1 + this.#index(9)}, 0.${1 + this.#index(9)})`],
      [1, () => `absent_over_time(${window})`],
    ]);
  }

  #smoothing(): string {
    return this.#major >= 3 ? 'double_exponential_smoothing' : 'holt_winters';
  }

  #ofVector(inner: string): string {
    return this.#weighted([
      [10, () => `${this.#pick(OF_VECTOR)}(${inner})`],
      [1, () => `clamp(${inner}, ${this.#scalar()}, ${this.#scalar()})`],
      [1, () => `clamp_min(${inner}, ${this.#scalar()})`],
      [1, () => `clamp_max(${inner}, ${this.#scalar()})`],
      [1, () => `round(${inner}, ${this.#pick(['0.1', '5', '0.25'])})`],
      [1, () => `${this.#pick(['hour', 'minute', 'day_of_week', 'month', 'days_in_month', 'year'])}(${inner})`],
    ]);
  }

  #aggregate(inner: string): string {
    const name = this.#pick(AGGREGATIONS);
    const param = name === 'quantile' ? `${this.#next().toFixed(2)}, ` : '';
    const clause = this.#pick(CLAUSES);
    return this.#chance(0.5) ? `${name}${clause} (${param}${inner})` : `${name}(${param}${inner})${clause}`;
  }

  #operator(): string {
    if (this.#chance(0.6)) return this.#pick(ARITHMETIC);
    return `${this.#pick(COMPARISONS)}${this.#chance(0.4) ? ' bool' : ''}`;
  }

  /** One-to-one, or many to the one weight of a venue. */
  #join(left: string, right: string): string {
    if (this.#chance(0.25)) return `(${left} ${this.#operator()}${this.#pick(GROUPS)} venue_weight)`;
    const fill = this.#major >= 3 && this.#chance(0.1) ? ` fill(${this.#index(5)})` : '';
    return `(${left} ${this.#operator()}${this.#pick(MATCHINGS)}${fill} ${right})`;
  }

  #classicQuantile(): string {
    const by = this.#pick(['le', 'venue, le']);
    const rate = `${this.#pick(['rate', 'increase'])}(ack_seconds_bucket[${this.#minutes()}])`;
    return `histogram_quantile(${this.#next().toFixed(2)}, sum by (${by}) (${rate}))`;
  }

  /** Version 2 interpolates linearly inside buckets: only counts and sums can be compared there. */
  #native(): string {
    const rate = `${this.#pick(['rate', 'increase'])}(fill_seconds[${this.#minutes()}])`;
    const distribution = this.#weighted([
      [2, () => rate],
      [3, () => `sum${this.#pick(CLAUSES)} (${rate})`],
      [1, () => `fill_seconds${this.#pick(MATCHERS)}`],
      [1, () => 'sum by (venue) (fill_seconds)'],
    ]);
    const newer: Choices = [
      [4, () => `histogram_quantile(${this.#next().toFixed(2)}, ${distribution})`],
      [2, () => `histogram_fraction(${this.#scalar()}, ${(this.#next() / 10).toFixed(3)}, ${distribution})`],
      [1, () => `histogram_avg(${distribution})`],
      [1, () => `histogram_stddev(${distribution})`],
      [1, () => `histogram_count(${distribution} ${this.#pick(['*', '/'])} ${1 + this.#index(9)})`],
      [1, () => `histogram_count(${distribution} ${this.#pick(['</', '>/'])} ${(this.#next() / 10).toFixed(3)})`],
      [1, () => `rate(fills_total[${this.#minutes()}] ${this.#pick(['anchored', 'smoothed'])})`],
      [1, () => `limit_ratio(${(this.#next() * 2 - 1).toFixed(2)}, ${this.#selector()})`],
    ];
    return this.#weighted([
      [1, () => `histogram_count(${distribution})`],
      [1, () => `histogram_sum(${distribution})`],
      ...(this.#major >= 3 ? newer : []),
    ]);
  }

  #labels(inner: string): string {
    return this.#weighted([
      [1, () => `label_replace(${inner}, "short", "$1-x", "venue", "(..).*")`],
      [1, () => `label_replace(${inner}, "venue", "", "strategy", "arb|mm")`],
      [1, () => `label_join(${inner}, "both", "/", "venue", "strategy", "none")`],
    ]);
  }

  /** Of stored values, which do not tie. */
  #rank(): string {
    const metric = this.#pick(['pnl_usd', 'latency_seconds', 'venue_weight']);
    return `${this.#pick(['topk', 'bottomk'])}${this.#pick(CLAUSES)} (${1 + this.#index(3)}, ${metric})`;
  }

  #scalar(): string {
    return this.#weighted([
      [8, () => (this.#next() * 4 - 1).toFixed(2)],
      [1, () => 'scalar(venue_weight{venue="XNAS"})'],
      [1, () => '(time() % 600)'],
      [1, () => this.#pick(['NaN', 'Inf', '-Inf', '0', '1e3'])],
    ]);
  }

  #minutes(): string {
    return `${1 + this.#index(9)}m`;
  }

  #index(count: number): number {
    return Math.floor(this.#next() * count);
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#index(list.length)] as T;
  }

  #chance(share: number): boolean {
    return this.#next() < share;
  }

  #weighted(choices: Choices): string {
    let rest = this.#next() * choices.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, make] of choices) {
      rest -= weight;
      if (rest < 0) return make();
    }
    return this.#leaf();
  }
}

type Choices = readonly (readonly [weight: number, make: () => string])[];

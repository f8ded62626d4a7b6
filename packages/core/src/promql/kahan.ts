/**
 * Compensated addition (Neumaier's improvement of Kahan's algorithm) and the mean built on it, as Prometheus's engine
 * sums. Source: Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", ZAMM 54, 1974.
 */
export class CompensatedSum {
  #sum: number;
  #compensation = 0;

  constructor(start = 0) {
    this.#sum = start;
  }

  add(value: number): void {
    const total = this.#sum + value;
    if (total === Infinity || total === -Infinity) this.#compensation = 0;
    else if (Math.abs(this.#sum) >= Math.abs(value)) this.#compensation += this.#sum - total + value;
    else this.#compensation += value - total + this.#sum;
    this.#sum = total;
  }

  get value(): number {
    return Number.isFinite(this.#sum) ? this.#sum + this.#compensation : this.#sum;
  }

  /** Total and compensation apart, for a mean that divides each. */
  get parts(): readonly [sum: number, compensation: number] {
    return [this.#sum, this.#compensation];
  }

  set(sum: number, compensation: number): void {
    this.#sum = sum;
    this.#compensation = compensation;
  }
}

/** Arithmetic mean by one compensated sum; turns to the incremental mean when the sum would overflow. */
export class CompensatedMean {
  readonly #total = new CompensatedSum();
  #count = 0;
  #incremental = false;

  add(value: number): void {
    this.#count++;
    const [sum, compensation] = this.#total.parts;
    if (!this.#incremental) {
      this.#total.add(value);
      if (this.#count === 1 || Math.abs(this.#total.parts[0]) !== Infinity) return;
      // The sum overflows: take back the last step, and go on with the mean of what came before.
      this.#incremental = true;
      const before = this.#count - 1;
      this.#total.set(sum / before, compensation / before);
    }
    const [mean, rest] = this.#total.parts;
    const share = (this.#count - 1) / this.#count;
    this.#total.set(mean * share, rest * share);
    this.#total.add(value / this.#count);
  }

  get count(): number {
    return this.#count;
  }

  get value(): number {
    const [sum, compensation] = this.#total.parts;
    if (this.#incremental) return Number.isFinite(sum) ? sum + compensation : sum;
    return Number.isFinite(sum) ? sum / this.#count + compensation / this.#count : sum / this.#count;
  }
}

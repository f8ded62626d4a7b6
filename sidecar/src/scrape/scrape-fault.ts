/** Why a scrape failed, in words for the list of targets and the log. Never holds credentials, nor an address's query. */
export class ScrapeFault extends Error {
  override readonly name = 'ScrapeFault';
}

/** Bytes of pages that are being read, over all targets: many large pages at once must not exhaust the memory. */
export class ByteBudget {
  readonly #limit: number;
  #taken = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Throws `ScrapeFault` when the budget is spent. */
  take(bytes: number): void {
    if (this.#taken + bytes > this.#limit) {
      throw new ScrapeFault(
        `the pages being read at this moment exceed ${this.#limit} bytes; raise scrape.inFlightLimitBytes or spread the targets`,
      );
    }
    this.#taken += bytes;
  }

  give(bytes: number): void {
    this.#taken -= bytes;
  }
}

/** Why a scrape failed, in words for the list of targets and the log. Never holds credentials, nor an address's query. */
export class ScrapeFault extends Error {
  override readonly name: string = 'ScrapeFault';
}

/** A page that could not be read to its end. */
export class PageFault extends ScrapeFault {
  override readonly name = 'PageFault';
  /** Samples before the fault, as exposed and after relabelling; none of them is kept. */
  readonly exposed: number;
  readonly relabelled: number;

  constructor(cause: Error, { exposed, relabelled }: { exposed: number; relabelled: number }) {
    super(cause.message, { cause });
    this.exposed = exposed;
    this.relabelled = relabelled;
  }
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

/** One text for each feed, a venue and a symbol: made once, so that looking something up by it costs no joining and no hashing. */

/** Feeds that are known; past this all are made anew. */
const MAX_FEEDS = 100_000;

export class FeedKeys {
  #byVenue = new Map<string, Map<string, string>>();
  #size = 0;

  of({ venue, symbol }: { readonly venue: string; readonly symbol: string }): string {
    return this.#byVenue.get(venue)?.get(symbol) ?? this.#add(venue, symbol);
  }

  #add(venue: string, symbol: string): string {
    if (this.#size >= MAX_FEEDS) {
      this.#byVenue = new Map();
      this.#size = 0;
    }
    const key = `${venue}\u0000${symbol}`;
    const bySymbol = this.#byVenue.get(venue);
    if (bySymbol === undefined) this.#byVenue.set(venue, new Map([[symbol, key]]));
    else bySymbol.set(symbol, key);
    this.#size++;
    return key;
  }
}

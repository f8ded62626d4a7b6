/** The desk's order steps and quotes as JSON. Each order has four steps: new, ack, and two fills. */
const VENUES = ['XNAS', 'BATS', 'BINANCE', 'KRAKEN'];
const SYMBOLS = Array.from({ length: 20 }, (_, i) => `SYM${i}`);
const STEPS = ['new', 'ack', 'partial_fill', 'fill'] as const;

export function orderStep(i: number, prefix: string, nowMs: number): string {
  const [order, step] = [i >> 2, i & 3];
  const [venue, symbol] = [VENUES[order & 3], SYMBOLS[order % SYMBOLS.length]];
  const side = order & 1 ? 'buy' : 'sell';
  const sent = step === 0 ? '' : `,"sent_time":${nowMs - 0.5 * step}`;
  return (
    `{"id":"${prefix}${i}","time":${nowMs},"order_id":"${prefix}o${order}","event":"${STEPS[step]}"${sent},"venue":"${venue}",` +
    `"symbol":"${symbol}","strategy":"maker","account":"main","side":"${side}","quantity":20,"price":100.25,` +
    `"filled_quantity":${step < 2 ? 0 : (step - 1) * 10},"arrival_mid":100.24}`
  );
}

export function quote(i: number, nowMs: number): string {
  const bid = 100 + (i % 100) / 100;
  const [venue, symbol] = [VENUES[i & 3], SYMBOLS[(i >> 2) % SYMBOLS.length]];
  return (
    `{"time":${nowMs},"venue":"${venue}","symbol":"${symbol}","bid":${bid},"bid_size":10,` +
    `"ask":${bid + 0.02},"ask_size":12,"sequence":${i >> 2}}`
  );
}

/** Which way an order, an execution or a print goes. */
export type Side = 'buy' | 'sell';

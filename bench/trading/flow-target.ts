/** What REQUIREMENTS and issue 5 ask for. */
export const FLOW_TARGET = { ordersPerSecond: 20_000, quotesPerSecond: 50_000, cores: 1, currentMs: 250 };

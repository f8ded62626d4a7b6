/** Schema version 7: how long the last request to an exchange took, where its status says so. Frozen once released. */
export const EXCHANGE_LATENCY_SCHEMA: readonly string[] = [
  'ALTER TABLE exchange_status ADD COLUMN latency_seconds DOUBLE',
];

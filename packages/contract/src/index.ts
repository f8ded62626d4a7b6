export * from './derived-metrics.ts';
export * from './query.ts';
export * from './wire.ts';

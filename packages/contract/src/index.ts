export * from './alertmanager.ts';
export * from './api.ts';
export * from './derived-metrics.ts';
export * from './query.ts';
export * from './rule.ts';
export * from './wire.ts';
export * from './yaml-document.ts';

/**
 * The ports of the sidecar: what the application needs from the outside, one interface each. Adapters implement them,
 * each port has one contract suite, and adapters never import one another.
 */
export * from './port/clock.ts';
export * from './port/source.ts';
export * from './port/codec.ts';
export * from './port/event-batch.ts';
export * from './port/event-export.ts';
export * from './port/store.ts';
export * from './port/channel.ts';
export * from './port/application.ts';
export * from './port/telemetry.ts';
export * from './port/trace.ts';

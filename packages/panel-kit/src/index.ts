export * from './color-ramp.ts';
export * from './scale.ts';

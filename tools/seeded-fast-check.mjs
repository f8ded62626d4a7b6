// fast-check with one seed for all properties, so that a run which decides over a landing gives the same answer twice.
// Other seeds: TAPEWATCH_SEED=<number>, or `npm run test:long -- properties`, which tries many. Jest maps the package here.
// Imported by file, because the package's name leads back to this one.
import fastCheck from '../node_modules/fast-check/lib/cjs/fast-check.js';

fastCheck.configureGlobal({ seed: Number(process.env['TAPEWATCH_SEED'] ?? 2_026) });

export * from '../node_modules/fast-check/lib/cjs/fast-check.js';
export default fastCheck;

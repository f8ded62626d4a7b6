// The long fault tests: `*.long.ts` here, and the quick ones of test/fault again at full length.
import base from '../../jest.config.mjs';

export default {
  ...base,
  rootDir: '../..',
  roots: ['<rootDir>/test/fault', '<rootDir>/test/long'],
  testMatch: ['**/*.long.ts', '**/test/fault/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
};

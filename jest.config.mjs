// One configuration for the whole repository; what needs a DOM runs in a real browser (test/browser).
export default {
  testEnvironment: 'node',
  roots: [
    '<rootDir>/packages',
    '<rootDir>/sidecar/src',
    '<rootDir>/plugins',
    '<rootDir>/dashboards',
    '<rootDir>/test',
    '<rootDir>/tools',
    '<rootDir>/bench',
  ],
  testMatch: ['**/*.test.ts', '**/*.test.tsx'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '<rootDir>/test/e2e/'],
  modulePathIgnorePatterns: ['/dist/'],
  moduleNameMapper: { '^fast-check$': '<rootDir>/tools/seeded-fast-check.mjs' },
  transform: {
    '^.+\\.(t|j|mj)sx?$': [
      '@swc/jest',
      {
        jsc: { target: 'es2022', parser: { syntax: 'typescript', tsx: true, decorators: false } },
        module: { type: 'commonjs' },
      },
    ],
  },
  // Some dependencies ship ES modules only; Jest must translate them.
  transformIgnorePatterns: [
    '/node_modules/(?!(cookie|content-disposition|@lezer|@prometheus-io|@nats-io|re2js|pbf|fast-check|pure-rand|@grafana|ol|d3.*|internmap|delaunator|robust-predicates|uuid|marked|react-colorful|monaco-promql|@kusto|d3-interpolate|rxjs)/)',
  ],
  testTimeout: 30_000,
};

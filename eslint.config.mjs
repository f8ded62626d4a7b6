// Lint is for what the compiler and test/tidy do not see.
import tseslint from 'typescript-eslint';

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/node_modules/**',
      '**/.config/**',
      'coverage/**',
      '.tapewatch/**',
      'docs/**',
      'test-results/**',
      'playwright-report/**',
    ],
  },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.{ts,tsx,mjs}'],
    rules: {
      eqeqeq: ['error', 'always'],
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-new-func': 'error',
      'prefer-const': 'error',
      'max-params': ['error', 4],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true, IIFEs: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
    },
  },
  {
    files: [
      'packages/**/*.ts',
      'sidecar/**/*.ts',
      'dashboards/**/*.ts',
      'bench/**/*.ts',
      'test/**/*.ts',
      'tools/**/*.ts',
    ],
    // Its own tsconfig, with the DOM.
    ignores: ['test/browser/**'],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: { '@typescript-eslint/no-floating-promises': 'error', '@typescript-eslint/no-misused-promises': 'error' },
  },
  {
    files: ['plugins/**/*.{ts,tsx}'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['@grafana/*/internal'], message: 'not shared with plugins at run time' }] },
      ],
    },
  },
  // A suite is a list, not a function; its length says nothing.
  {
    files: ['**/*.{test,laws,contract,spec}.{ts,tsx}', 'test/**', '**/*.prop.test.ts'],
    rules: { 'max-lines-per-function': 'off' },
  },
);

import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const BROWSER_GLOBALS = [
  ...[
    'Storage',
    'addEventListener',
    'caches',
    'clearTimeout',
    'document',
    'indexedDB',
    'localStorage',
    'location',
  ],
  ...['Response', 'navigator', 'sessionStorage'],
];

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.tools/', '.demo/', '.test-output/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { requireDefaultForNonUnion: true }],
      complexity: ['error', 10],
      'max-params': ['error', 3],
      'max-lines': ['error', 200],
      'no-console': 'error',
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only src/main.ts reads the environment.' },
        { object: 'process', property: 'exit', message: 'Only src/main.ts ends the process.' },
      ],
    },
  },
  {
    files: ['src/main.ts'],
    rules: { 'no-restricted-properties': 'off', 'no-console': 'off' },
  },
  {
    // Tests and benchmarks are programs of their own: they read the environment that CI gives them.
    files: ['test/**/*.ts', 'bench/**/*.ts', '**/*.test.ts', '*.config.ts'],
    rules: {
      'no-restricted-properties': 'off',
      'no-console': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      'max-params': 'off', // The columns of a table of cases.
    },
  },
  {
    files: ['**/*.mjs', '**/*.js'],
    languageOptions: {
      globals: { process: 'readonly', console: 'readonly', URL: 'readonly', setTimeout: 'readonly' },
    },
    rules: { 'max-lines': ['error', 200], complexity: ['error', 10] },
  },
  {
    // The plugin's part of ComfyUI's page.
    files: ['plugin/web/**/*.js'],
    languageOptions: { globals: Object.fromEntries(BROWSER_GLOBALS.map((name) => [name, 'readonly'])) },
  },
);

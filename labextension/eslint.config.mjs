import eslint from '@eslint/js';
import hooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

/** Files of src/ from the bottom to the top: each may import what stands below it, and files of its own layer. */
const LAYERS = [
  ['protocol'],
  ['model', 'format'],
  ['compat', 'control', 'comm'],
  ['client'],
  ['kernels'],
  ['dialogs', 'orders'],
  ['commands'],
  ['panel', 'icon'],
  ['index']
];
/** What components may not import: all that talks to a kernel. */
const ABOVE_COMPONENTS = LAYERS.slice(2)
  .flat()
  .filter(name => name !== 'icon');

function forbid(files, names, message) {
  const restriction = { patterns: [{ regex: `^\\.{1,2}/(${names.join('|')})$`, message }] };
  return { files, rules: { 'no-restricted-imports': ['error', restriction] } };
}

export default tseslint.config(
  {
    ignores: ['lib', 'node_modules', '.yarn', 'coverage', '**/test-results', '**/playwright-report', 'src/protocol.ts']
  },
  eslint.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.strict, tseslint.configs.stylistic],
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      eqeqeq: 'error',
      'max-lines': ['error', 280],
      'no-console': ['error', { allow: ['warn'] }]
    }
  },
  {
    files: ['{src,tests}/**'],
    languageOptions: { parserOptions: { jsxPragma: 'createElement', jsxFragmentName: 'Fragment' } }
  },
  { files: ['{src,tests}/**'], plugins: { 'react-hooks': hooks }, rules: hooks.configs.recommended.rules },
  // Playwright reads what a fixture wants from the pattern of its first parameter.
  { files: ['ui-tests/**'], rules: { 'no-empty-pattern': 'off' } },
  { files: ['*.js', '*.cjs'], languageOptions: { globals: { Buffer: 'readonly', module: 'writable' } } },
  ...LAYERS.slice(0, -1).map((layer, index) =>
    forbid(
      layer.map(name => `src/${name}.{ts,tsx}`),
      LAYERS.slice(index + 1).flat(),
      'protocol <- model <- client <- commands <- index: never upwards.'
    )
  ),
  forbid(['src/components/**'], ABOVE_COMPONENTS, 'Components see the model and callbacks, never the client.')
);

/** What JupyterLab's packages bring along that is not CommonJS. */
const ES_MODULES = [
  '@jupyter/',
  '@jupyterlab/',
  '@microsoft/',
  'exenv-es6',
  'lib0',
  'nanoid',
  'y-protocols',
  'y-websocket',
  'yjs'
];

module.exports = {
  testEnvironment: 'jsdom',
  testMatch: ['<rootDir>/tests/**/*.spec.{ts,tsx}'],
  setupFiles: ['<rootDir>/tests/setup.ts'],
  moduleNameMapper: {
    '\\.(css|less)$': '<rootDir>/tests/nothing.ts',
    '\\.svg$': '<rootDir>/tests/svg.ts'
  },
  transform: {
    '\\.[jt]sx?$': ['ts-jest', { tsconfig: 'tests/tsconfig.json', diagnostics: false }]
  },
  transformIgnorePatterns: [`/node_modules/(?!${ES_MODULES.join('|')})`]
};

import { TextDecoder, TextEncoder } from 'node:util';

// What JupyterLab's packages want of a browser when they are loaded, and jsdom has not.
Object.assign(globalThis, {
  TextDecoder,
  TextEncoder,
  IS_REACT_ACT_ENVIRONMENT: true,
  matchMedia: () => ({ matches: false, addEventListener: () => {} }),
  DragEvent: class DragEvent extends Event {}
});

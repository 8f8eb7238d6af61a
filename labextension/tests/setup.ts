import { TextDecoder, TextEncoder } from 'node:util';

// What JupyterLab's packages want of a browser when they are loaded, and jsdom has not.
Object.assign(globalThis, {
  TextDecoder,
  TextEncoder,
  matchMedia: () => ({ matches: false, addEventListener: () => {} }),
  requestIdleCallback: (callback: () => void) => setTimeout(callback, 0),
  DragEvent: class DragEvent extends Event {}
});
Object.assign(navigator, { clipboard: {} });
Object.assign(performance, { getEntriesByType: () => [{ type: 'navigate' }] });

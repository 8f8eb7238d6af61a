import type { Page } from '@playwright/test';
import type { AxeResults } from 'axe-core';

import type { Lab } from './lab';

declare global {
  interface Window {
    axe: { run(context: string): Promise<AxeResults> };
  }
}

/** Put on one of JupyterLab's themes; the server remembers it. */
export async function setTheme(lab: Lab, theme: 'Light' | 'Dark'): Promise<void> {
  await lab.execute('apputils:change-theme', { theme: `JupyterLab ${theme}` });
  await lab.page.waitForFunction(isLight => document.body.dataset.jpThemeLight === isLight, String(theme === 'Light'));
}

/** What axe-core finds wrong in a part of a page: each rule with the elements that break it. */
export async function checkAccessibility(page: Page, selector: string): Promise<string[]> {
  await page.addScriptTag({ path: require.resolve('axe-core/axe.min.js') });
  const { violations } = await page.evaluate(part => window.axe.run(part), selector);
  return violations.flatMap(({ id, nodes }) => nodes.map(node => `${id}: ${node.html}\n${node.failureSummary}`));
}

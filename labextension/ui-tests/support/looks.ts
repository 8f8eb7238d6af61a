import { expect } from '@playwright/test';
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

/** Fail with what axe-core finds wrong in the panel: each rule with the elements that break it. */
export async function expectAccessible({ page }: Lab): Promise<void> {
  await page.addScriptTag({ path: require.resolve('axe-core/axe.min.js') });
  const { violations } = await page.evaluate(panel => window.axe.run(panel), '#tfsess-magics-panel');
  const found = violations.flatMap(({ id, nodes }) => nodes.map(node => `${id}: ${node.html}\n${node.failureSummary}`));
  expect(found).toEqual([]);
}

/** Drag the edge of the sidebar. */
export async function widen(lab: Lab, width: number): Promise<void> {
  const { mouse } = lab.page;
  const box = (await lab.page.locator('#jp-left-stack').boundingBox())!;
  const y = box.y + box.height / 2;
  await mouse.move(box.x + box.width + 1, y);
  await mouse.down();
  await mouse.move(box.x + width, y, { steps: 4 });
  await mouse.up();
}

import { expect } from '@playwright/test';

import { Lab } from './lab';

/** A page of Notebook 7, which has one notebook, and the panel in a sidebar that is not there before it is asked for. */
export class NotebookPage extends Lab {
  override async open(notebook: string): Promise<void> {
    await this.page.goto(`${process.env.TFSESS_SERVER}/notebooks/${notebook}`);
    await this.ready();
    await this.show();
  }

  /** Show the panel, by the menu. */
  override async show(): Promise<void> {
    await this.page.getByRole('menuitem', { name: 'View', exact: true }).click();
    for (const item of ['Left Sidebar', 'Show TensorFlow Sessions']) {
      await this.page.locator('.lm-Menu-item').filter({ hasText: item }).click();
    }
    await expect(this.panel).toBeVisible();
  }
}

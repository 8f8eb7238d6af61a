import type { Locator } from '@playwright/test';

import type { Lab } from './lab';

/** The panel's filter. */
export class Filter {
  constructor(private readonly lab: Lab) {}

  /** Where words are typed. */
  get text(): Locator {
    return this.lab.panel.getByRole('searchbox');
  }

  /** Where it is chosen whose sessions are listed. */
  get whose(): Locator {
    return this.lab.panel.getByRole('combobox', { name: 'Whose sessions' });
  }
}

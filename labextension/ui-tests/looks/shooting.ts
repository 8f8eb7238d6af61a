import * as path from 'path';

import type { Lab } from '../support/lab';
import { expectAccessible } from '../support/looks';

const FOLDER = process.env.SCREENSHOTS || '/tmp/tfsess-screenshots';

/** Takes screenshots, numbered, into the folder; axe-core may find nothing in what they show. */
export function shooting(lab: Lab, prefix: string): (what: string) => Promise<void> {
  let number = 0;
  return async what => {
    const file = `${prefix}-${String(++number).padStart(2, '0')}-${what}.png`.toLowerCase();
    await lab.page.screenshot({ path: path.join(FOLDER, file) });
    await expectAccessible(lab);
  };
}

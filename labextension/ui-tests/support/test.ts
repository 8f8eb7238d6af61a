import type { BrowserContext, Page } from '@playwright/test';
import { expect, test as base } from '@playwright/test';

import { Kernel } from './kernel';
import { Lab, LOAD, writeNotebook } from './lab';

interface Fixtures {
  /** A name for notebooks and files that no other test uses. */
  name: string;
  lab: Lab;
  /** The kernel that tests share: the extension is loaded, there is no session, and no test ends it. */
  kernel: Kernel;
  /** Open a notebook of these cells with the kernel that tests share, and run so many of them. */
  openNotebook: (cells: readonly string[], run?: number) => Promise<void>;
  /** Open another window on the server. */
  openWindow: () => Promise<Page>;
}

interface WorkerFixtures {
  /** What all windows share, as those of a user do: a page finds JupyterLab in its cache. */
  profile: BrowserContext;
  sharedKernel: Kernel;
}

let number = 0;

export const test = base.extend<Fixtures, WorkerFixtures>({
  profile: [
    async ({ browser }, use, worker) => {
      const profile = await browser.newContext({ viewport: worker.project.use.viewport });
      await use(profile);
      await profile.close();
    },
    { scope: 'worker' }
  ],
  page: async ({ browser, deviceScaleFactor, profile, viewport }, use, info) => {
    // Where a file sets how pages look, they have a profile of their own.
    const own = deviceScaleFactor === undefined ? undefined : await browser.newContext({ deviceScaleFactor, viewport });
    const page = await (own ?? profile).newPage();
    await use(page);
    if (info.status !== info.expectedStatus) {
      await page.screenshot({ path: info.outputPath('page.png') });
    }
    await (own ?? page).close();
  },
  sharedKernel: [
    async ({}, use, worker) => {
      const path = `shared-${worker.workerIndex}.ipynb`;
      writeNotebook(path, []);
      const kernel = await Kernel.start(path);
      await kernel.execute(LOAD);
      await use(kernel);
      await kernel.shutDown();
      await Kernel.endNext();
    },
    { scope: 'worker', timeout: 240_000 }
  ],
  name: async ({}, use, info) => {
    await use(`nb-${info.workerIndex}-${++number}`);
  },
  kernel: async ({ sharedKernel }, use) => {
    await sharedKernel.execute('%tfsession close --all');
    await use(sharedKernel);
  },
  lab: async ({ page }, use) => {
    await use(new Lab(page));
  },
  openNotebook: async ({ kernel, lab, name }, use) => {
    await use(async (cells, run = 0) => {
      const path = `${name}.ipynb`;
      writeNotebook(path, cells);
      await kernel.serve(path);
      await lab.open(path, name);
      for (let cell = 0; cell < run; cell++) {
        await lab.run(cell);
      }
    });
  },
  openWindow: async ({ profile }, use) => {
    const windows: Page[] = [];
    await use(async () => {
      const window = await profile.newPage();
      windows.push(window);
      return window;
    });
    await Promise.all(windows.map(window => window.close()));
  }
});

export { expect };

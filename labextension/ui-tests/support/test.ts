import type { Page } from '@playwright/test';
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
  sharedKernel: Kernel;
}

let number = 0;

export const test = base.extend<Fixtures, WorkerFixtures>({
  sharedKernel: [
    async ({}, use, worker) => {
      const path = `shared-${worker.workerIndex}.ipynb`;
      writeNotebook(path, []);
      const kernel = await Kernel.start(path);
      await kernel.execute(LOAD);
      await use(kernel);
      await kernel.shutDown();
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
  openWindow: async ({ browser }, use) => {
    const contexts: { close(): Promise<void> }[] = [];
    await use(async () => {
      const context = await browser.newContext();
      contexts.push(context);
      return context.newPage();
    });
    await Promise.all(contexts.map(context => context.close()));
  }
});

export { expect };

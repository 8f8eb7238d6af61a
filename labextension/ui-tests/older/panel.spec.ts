// Tests of the panel in the JupyterLab and the Notebook of another environment: the folder $TFSESS_ENVIRONMENT, where
// our wheel is installed too.
import type { Page } from '@playwright/test';

import { noteComplaints } from '../support/complaints';
import { WITH_SUBSHELLS } from '../support/kernel';
import { endCell, Kernel, Lab, LOAD, waitingCell, writeNotebook } from '../support/lab';
import { NotebookPage } from '../support/notebook';
import { BLOCKED, GOES_ON, PREPARE, stopAndTrainOn } from '../support/stopping';
import { expect, test } from '../support/test';

test.beforeAll(() => {
  expect(process.env.TFSESS_ENVIRONMENT, 'TFSESS_ENVIRONMENT: folder of the environment to test in').toBeTruthy();
});

for (const [where, open, kernelName] of [
  ['JupyterLab', (page: Page) => new Lab(page), 'python3'],
  ['Notebook', (page: Page) => new NotebookPage(page), 'python3'],
  ['JupyterLab, with a newer kernel,', (page: Page) => new Lab(page), WITH_SUBSHELLS]
] as const) {
  test(`${where} lists a session, stops it, and closes one while a cell runs`, async ({ name, page }) => {
    const complaints = noteComplaints(page);
    const lab = open(page);
    const cells = [LOAD, ...PREPARE, BLOCKED, GOES_ON, '%tfsession new spare', waitingCell(name)];
    const [last] = [...cells.keys()].slice(-1);
    writeNotebook(`${name}.ipynb`, cells);
    const kernel = await Kernel.start(`${name}.ipynb`, kernelName);
    await lab.open(`${name}.ipynb`, name);
    for (const cell of [LOAD, ...PREPARE].keys()) {
      await lab.run(cell);
    }
    await expect(lab.row('train')).toContainText('24 B');

    await stopAndTrainOn(lab, cells.indexOf(BLOCKED));

    await lab.run(last - 1);
    await lab.start(last);
    await expect(lab.prompt(last)).toHaveText('[*]:');
    await lab.order('Close', 'spare');
    await expect(lab.outcome).toContainText('closed spare');
    await expect(lab.row('spare')).toHaveCount(0);
    await expect(lab.prompt(last)).toHaveText('[*]:');
    endCell(name);
    await expect(lab.prompt(last)).toHaveText(/\[\d+\]:/);

    expect(await kernel.sessions()).toEqual(['train']);
    expect(complaints).toEqual([]);
    await kernel.shutDown();
  });
}

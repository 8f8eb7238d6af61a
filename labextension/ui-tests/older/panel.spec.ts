// Tests of the panel in the JupyterLab and the Notebook of another environment: the folder $TFSESS_ENVIRONMENT, where
// our wheel is installed too.
import { noteComplaints } from '../support/complaints';
import { WITH_SUBSHELLS } from '../support/kernel';
import { endCell, Kernel, LOAD, waitingCell, writeNotebook } from '../support/lab';
import type { Lab } from '../support/lab';
import { NotebookPage } from '../support/notebook';
import { BLOCKED, GOES_ON, PREPARE, stopAndTrainOn } from '../support/stopping';
import { expect, test } from '../support/test';

const testInNotebook = test.extend({ lab: ({ page }, use) => use(new NotebookPage(page)) });

test.beforeAll(() => {
  expect(process.env.TFSESS_ENVIRONMENT, 'TFSESS_ENVIRONMENT: folder of the environment to test in').toBeTruthy();
});

/** The cells of a notebook that `followSessions` runs, and how many of them it wants to have been run. */
function cellsOf(name: string): { cells: string[]; prepared: number } {
  const prepare = [LOAD, ...PREPARE];
  const cells = [...prepare, BLOCKED, GOES_ON, '%tfsession new spare', waitingCell(name)];
  return { cells, prepared: prepare.length };
}

/** See a session listed, stop its run, and close another one while a cell runs. */
async function followSessions(lab: Lab, name: string, prepared: number): Promise<void> {
  await expect(lab.row('train')).toContainText('24 B');
  await stopAndTrainOn(lab, prepared);
  const last = prepared + 3;
  await lab.run(last - 1);
  await lab.start(last);
  await expect(lab.prompt(last)).toHaveText('[*]:');
  await lab.order('Close', 'spare');
  await expect(lab.outcome).toContainText('closed spare');
  await expect(lab.row('spare')).toHaveCount(0);
  await expect(lab.prompt(last)).toHaveText('[*]:');
  endCell(name);
  await expect(lab.prompt(last)).toHaveText(/\[\d+\]:/);
}

for (const [where, testThere] of [
  ['JupyterLab', test],
  ['Notebook', testInNotebook]
] as const) {
  testThere(
    `${where} lists sessions, stops a run, and closes one while a cell runs`,
    async ({ kernel, lab, name, openNotebook }) => {
      const complaints = noteComplaints(lab.page);
      const { cells, prepared } = cellsOf(name);
      await openNotebook(cells, prepared);
      await followSessions(lab, name, prepared);
      expect(await kernel.sessions()).toEqual(['train']);
      expect(complaints).toEqual([]);
    }
  );
}

test('JupyterLab does so with a kernel that has subshells, whether it knows them or not', async ({ lab, name }) => {
  const complaints = noteComplaints(lab.page);
  const { cells, prepared } = cellsOf(name);
  writeNotebook(`${name}.ipynb`, cells);
  const kernel = await Kernel.start(`${name}.ipynb`, WITH_SUBSHELLS);
  expect(await kernel.evaluate('get_ipython().kernel._supports_kernel_subshells')).toBe(true);
  await lab.open(`${name}.ipynb`, name);
  for (const cell of cells.slice(0, prepared).keys()) {
    await lab.run(cell);
  }
  await followSessions(lab, name, prepared);
  expect(await kernel.sessions()).toEqual(['train']);
  expect(complaints).toEqual([]);
  await kernel.shutDown();
});

import { WITHOUT_SUBSHELLS } from '../support/kernel';
import { endCell, Kernel, LOAD, waitingCell, writeNotebook } from '../support/lab';
import { expectBusyAfter, startRecorded } from '../support/statuses';
import { BLOCKED, GOES_ON, PREPARE, stopAndTrainOn } from '../support/stopping';
import { expect, test } from '../support/test';

test('a run that waits says on what, Stop ends it, and training goes on with the same variables', async ({
  lab,
  openNotebook
}) => {
  await openNotebook([...PREPARE, BLOCKED, GOES_ON], PREPARE.length);
  await stopAndTrainOn(lab, PREPARE.length);
});

test('Stop ends a run that waits in a kernel without subshells', async ({ lab, name }) => {
  const before = [LOAD, ...PREPARE];
  writeNotebook(`${name}.ipynb`, [...before, BLOCKED, GOES_ON]);
  const kernel = await Kernel.start(`${name}.ipynb`, WITHOUT_SUBSHELLS);
  await lab.open(`${name}.ipynb`, name);
  for (const cell of before.keys()) {
    await lab.run(cell);
  }
  await stopAndTrainOn(lab, before.length);
  await kernel.shutDown();
});

test('Close ends the run of a cell, which says who closed its session', async ({ lab, openNotebook }) => {
  await openNotebook([...PREPARE, BLOCKED], PREPARE.length);
  await lab.start(PREPARE.length);
  await expect(lab.row('train')).toContainText('waiting on dequeue');
  await lab.order('Close', 'train', /A run is under way, and ends\./);
  await expect(lab.output(PREPARE.length)).toContainText("'train' was closed during this run, by Close in the panel");
  await expect(lab.rows).toHaveCount(0);
});

test('the kernel stays busy while Stop goes over the control channel, and is idle when the cell has ended', async ({
  lab,
  name
}) => {
  const goesOn = `%%tfsession train\ntry:\n    waits.eval()\nexcept KeyboardInterrupt:\n    print("went on")\n`;
  const before = [LOAD, ...PREPARE];
  writeNotebook(`${name}.ipynb`, [...before, goesOn + waitingCell(name)]);
  const kernel = await Kernel.start(`${name}.ipynb`, WITHOUT_SUBSHELLS);
  await lab.open(`${name}.ipynb`, name);
  for (const cell of before.keys()) {
    await lab.run(cell);
  }
  await startRecorded(lab, before.length);
  await expect(lab.row('train')).toContainText('waiting on dequeue');
  await lab.row('train').hover();
  await lab.button('Stop', 'train').click();
  await expect(lab.outcome).toContainText("stopped 'train': 1 run");
  await expect(lab.output(before.length)).toContainText('went on');

  await expectBusyAfter(lab, 'stop');
  await expect(lab.indicator).toHaveAttribute('data-status', 'busy');
  await expect.poll(async () => (await kernel.model()).execution_state).toBe('busy');

  endCell(name);
  await expect(lab.indicator).toHaveAttribute('data-status', 'idle');
  await expect.poll(async () => (await kernel.model()).execution_state).toBe('idle');
  await kernel.shutDown();
});

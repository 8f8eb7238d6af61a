import { WITHOUT_SUBSHELLS } from '../support/kernel';
import { endCell, Kernel, LOAD, waitingCell, writeNotebook } from '../support/lab';
import type { Lab } from '../support/lab';
import { expectBusyAfter, startRecorded } from '../support/statuses';
import { expect, test } from '../support/test';

const PREPARE = [
  '%config SessionMagics.waits_after = 0.2',
  `%%tfsession train
import numpy, tensorflow as tf
v = tf.compat.v1.get_variable("v", initializer=numpy.arange(3.0))
v.initializer.run()
step = tf.compat.v1.assign_add(v, [1.0, 1.0, 1.0])
step.eval()
waits = tf.compat.v1.FIFOQueue(1, tf.float32, name="queue").dequeue()`
];
const BLOCKED = '%%tfsession train\nwaits.eval()';
const GOES_ON = '%%tfsession train\nprint("now", step.eval().tolist())';

/** Run a cell that waits, stop it with the button, and run the next one. */
async function stopAndTrainOn(lab: Lab, cell: number): Promise<void> {
  await lab.start(cell);
  const row = lab.row('train');
  await expect(row).toContainText("waiting on dequeue from 'queue', which is empty, and nothing enqueues");
  await row.hover();
  await lab.button('Stop', 'train').click();
  await expect(lab.output(cell)).toContainText('SessionStopped');
  await expect(lab.output(cell)).toContainText('Kept: 1 variable (24 B)');
  await lab.run(cell + 1);
  await expect(lab.output(cell + 1)).toContainText('now [2.0, 3.0, 4.0]');
  await expect(lab.button('Stop', 'train')).toHaveCount(0);
}

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

import { WITHOUT_SUBSHELLS } from '../support/kernel';
import { endCell, Kernel, Lab, LOAD, waitingCell, writeNotebook } from '../support/lab';
import { expectBusyAfter, startRecorded } from '../support/statuses';
import { BLOCKED, GOES_ON, LOOPS, PREPARE, stopAndTrainOn } from '../support/stopping';
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

test('a run that computes goes on after Stop, which reads "Stop now" in every window, and ends that run', async ({
  lab,
  name,
  openNotebook,
  openWindow
}) => {
  const cell = PREPARE.length;
  await openNotebook([...PREPARE, LOOPS, GOES_ON], cell);
  const second = new Lab(await openWindow());
  await second.open(`${name}.ipynb`, `${name}-second`);
  await lab.start(cell);
  await expect(lab.row('train')).toContainText(/running 0:0[1-9]/);
  await lab.button('Stop', 'train').hover();
  const places = await placesOf(lab);
  await click(lab, 1);
  await expect(lab.stopNow('train')).toHaveText('Stop now');
  await click(lab, 2);
  await expect(second.stopNow('train')).toHaveText('Stop now');
  expect(await placesOf(lab)).toEqual(places);
  await expect(lab.outcome).toContainText('goes on until it ends');
  await expect(lab.row('train')).toContainText('stopping');
  await expect(lab.prompt(cell)).toHaveText('[*]:');

  await second.stopNow('train').click();
  await expect(second.outcome).toContainText("stopped 'train': 1 run");
  await expect(lab.output(cell)).toContainText('SessionStopped');
  await lab.ended(cell);
  await lab.run(cell + 1);
  await expect(lab.output(cell + 1)).toContainText('now [2.0, 3.0, 4.0]');
  await expect(lab.stopNow('train')).toHaveCount(0);
});

/** Click where the mouse is: the first or second click of a double click. */
async function click({ page: { mouse } }: Lab, clickCount: number): Promise<void> {
  await mouse.down({ clickCount });
  await mouse.up({ clickCount });
}

/** Where the row of `train` and its buttons but Stop are. */
function placesOf(lab: Lab): Promise<unknown> {
  const parts = [lab.row('train'), lab.button('Reset', 'train'), lab.button('Close', 'train')];
  return Promise.all(parts.map(part => part.boundingBox()));
}

test('Close ends the run of a cell, which says who closed its session', async ({ lab, openNotebook }) => {
  await openNotebook([...PREPARE, BLOCKED], PREPARE.length);
  await lab.start(PREPARE.length);
  await expect(lab.row('train')).toContainText('waiting on dequeue');
  await lab.order('Close', 'train', /A run is in progress: it ends with an error\./);
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
  // On a busy machine the reply comes before it is known that the run waits.
  await expect(lab.outcome).toContainText(/stopped 'train': 1 run|'train' stops when it can/);
  await expect(lab.output(before.length)).toContainText('went on');

  await expectBusyAfter(lab, 'stop');
  await expect(lab.indicator).toHaveAttribute('data-status', 'busy');
  await expect.poll(async () => (await kernel.model()).execution_state).toBe('busy');

  endCell(name);
  await expect(lab.indicator).toHaveAttribute('data-status', 'idle');
  await expect.poll(async () => (await kernel.model()).execution_state).toBe('idle');
  await kernel.shutDown();
});

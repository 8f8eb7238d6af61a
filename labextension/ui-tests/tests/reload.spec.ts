import { endCell, sessionCell, waitingCell } from '../support/lab';
import { expect, test } from '../support/test';
import { holdBack } from '../support/timers';

test('after a reload of the page the panel is alive, and its buttons work', async ({ lab, openNotebook }) => {
  await openNotebook([sessionCell('train', 256)], 1);
  await expect(lab.rows).toHaveCount(1);
  await lab.saveLayout();

  await lab.reload();
  await lab.ready();
  await expect(lab.row('train')).toContainText('1.0 KiB');
  await lab.order('Reset', 'train', /1 variable \(1\.0 KiB\)/);
  await expect(lab.row('train')).toContainText('empty graph');
});

test('after a reload during a long cell the panel is alive, and its buttons work', async ({
  kernel,
  lab,
  name,
  openNotebook,
  page
}) => {
  await openNotebook([sessionCell('spare', 256), waitingCell(name, 'busy')], 1);
  await lab.start(1);
  await expect(lab.rows).toHaveCount(2);
  await lab.saveLayout();

  await holdBack(page);
  await lab.reload();
  await lab.ready();
  await expect(lab.row('spare')).toContainText('1.0 KiB');
  await expect(lab.row('busy')).toContainText('in a cell');
  await lab.toggle('spare').click();
  await expect(lab.row('spare')).toContainText('float32');
  await lab.order('Close', 'spare');
  await expect(lab.row('spare')).toHaveCount(0);
  await lab.order('Close', 'busy');
  await expect(lab.complaint).toContainText("cannot close 'busy'");
  await expect.poll(async () => (await kernel.model()).execution_state).toBe('busy');

  endCell(name);
  await expect(lab.row('busy')).toContainText('idle');
  expect(await kernel.sessions()).toEqual(['busy']);
});

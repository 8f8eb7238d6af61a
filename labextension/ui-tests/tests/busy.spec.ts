import { endCell, sessionCell, waitingCell } from '../support/lab';
import { expectBusyAfter, startRecorded } from '../support/statuses';
import { expect, test } from '../support/test';

test('while a cell runs news arrive, a row opens and an idle session can be closed', async ({
  kernel,
  lab,
  name,
  openNotebook
}) => {
  const news = 'get_ipython().run_line_magic("tfsession", "new news")';
  await openNotebook([sessionCell('spare', 512, 3), `${waitingCell(name, 'busy')}`.replace('\n', `\n${news}\n`)], 1);
  await lab.start(1);

  await expect(lab.row('news')).toBeVisible();
  await expect(lab.row('busy')).toContainText('in a cell');
  await lab.toggle('spare').click();
  await expect(lab.row('spare')).toContainText('v0');
  await expect(lab.row('spare')).toContainText('2.0 KiB');
  await expect(lab.row('spare')).toContainText('float32');
  await lab.order('Close', 'spare', /2 variables \(2\.0 KiB\)/);
  await expect(lab.outcome).toContainText('closed spare');
  await expect(lab.row('spare')).toHaveCount(0);
  await expect(lab.prompt(1)).toHaveText('[*]:');

  endCell(name);
  await expect(lab.row('busy')).toContainText('idle');
  expect(await kernel.sessions()).toEqual(['busy', 'news']);
});

test('closing the session of the running cell is refused with the reason of the kernel', async ({
  kernel,
  lab,
  name,
  openNotebook
}) => {
  await openNotebook([waitingCell(name, 'busy')]);
  await lab.start(0);

  for (const order of ['Close', 'Reset'] as const) {
    await expect(lab.row('busy')).toContainText('in a cell');
    await lab.order(order, 'busy');
    await expect(lab.complaint.filter({ hasText: `cannot ${order.toLowerCase()} 'busy'` })).toBeVisible();
  }
  await expect(lab.row('busy')).toBeVisible();

  endCell(name);
  await expect(lab.row('busy')).toContainText('idle');
  expect(await kernel.sessions()).toEqual(['busy']);
});

test('the kernel stays busy for the notebook and for the server, whatever is clicked', async ({
  kernel,
  lab,
  name,
  openNotebook
}) => {
  await openNotebook([sessionCell('one', 3), sessionCell('two', 3), waitingCell(name, 'busy')], 2);
  await startRecorded(lab, 2);
  await expect(lab.row('busy')).toContainText('in a cell');
  await expect(lab.indicator).toHaveAttribute('data-status', 'busy');

  await lab.toggle('one').click();
  await expect(lab.row('one')).toContainText('v0');
  await lab.order('Reset', 'one');
  await expect(lab.row('one')).toContainText('empty graph');
  await lab.order('Close', 'two');
  await expect(lab.row('two')).toHaveCount(0);
  await lab.order('Close', 'busy');
  await expect(lab.complaint).toBeVisible();
  await lab.panel.getByRole('button', { name: 'Refresh' }).click();
  await expectBusyAfter(lab, 'describe', 'reset', 'close', 'refresh');
  await expect(lab.rows).toHaveCount(2);
  await expect(lab.indicator).toHaveAttribute('data-status', 'busy');
  await expect.poll(async () => (await kernel.model()).execution_state).toBe('busy');

  endCell(name);
  await expect(lab.indicator).toHaveAttribute('data-status', 'idle');
  await expect.poll(async () => (await kernel.model()).execution_state).toBe('idle');
});

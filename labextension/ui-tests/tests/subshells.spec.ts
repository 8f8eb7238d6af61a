import { WITHOUT_SUBSHELLS } from '../support/kernel';
import { endCell, Kernel, LOAD, sessionCell, waitingCell, writeNotebook } from '../support/lab';
import { expect, test } from '../support/test';

test('without subshells news arrive and orders are answered during a cell, and a reloaded page says that it waits', async ({
  lab,
  name
}) => {
  const again = `${name}-again`;
  writeNotebook(`${name}.ipynb`, [
    `${LOAD}\n%tfsession new spare\n%tfsession new other\n%tfsession new early`,
    sessionCell('train', 256),
    waitingCell(name, 'train'),
    waitingCell(again, 'train')
  ]);
  const kernel = await Kernel.start(`${name}.ipynb`, WITHOUT_SUBSHELLS);
  expect(await kernel.evaluate('get_ipython().kernel._supports_kernel_subshells')).toBe(false);
  await lab.open(`${name}.ipynb`, name);
  await lab.run(0);
  await lab.order('Close', 'early');
  await expect(lab.outcome).toContainText('closed early');
  await lab.run(1);
  await expect(lab.row('train')).toContainText('1.0 KiB');

  await lab.start(2);
  await expect(lab.row('train')).toContainText('in a cell');
  await lab.toggle('spare').click();
  await expect(lab.row('spare')).toContainText('No variables.');
  for (const order of ['Reset', 'Close'] as const) {
    await lab.order(order, 'train', /1 variable \(1\.0 KiB\)/);
    await expect(lab.complaint).toContainText(
      new RegExp(`cannot ${order.toLowerCase()} 'train': cell \\d+ is running in it`)
    );
  }
  await lab.order('Reset', 'other');
  await expect(lab.outcome).toContainText('reset other');
  await lab.order('Close', 'spare');
  await expect(lab.outcome).toContainText('closed spare');
  await expect(lab.row('spare')).toHaveCount(0);
  await expect(lab.row('train')).toContainText('in a cell');
  endCell(name);
  await expect(lab.row('train')).toContainText('idle');
  await lab.order('Reset', 'train');
  await expect(lab.outcome).toContainText('reset train');
  await expect(lab.row('train')).toContainText('empty graph');

  await lab.saveLayout();
  await lab.start(3);
  await expect(lab.row('train')).toContainText('in a cell');
  await lab.reload();
  await expect(lab.group(name)).toContainText('Waiting for the kernel. It may answer when its cell has ended.');
  endCell(again);
  await expect(lab.row('train')).toContainText('idle');
  await lab.order('Close', 'train');
  await expect(lab.row('train')).toHaveCount(0);
  expect(await kernel.sessions()).toEqual(['other']);
  await kernel.shutDown();
});

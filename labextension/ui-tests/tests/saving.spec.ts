import * as fs from 'fs';

import { inRoot, sessionCell } from '../support/lab';
import { expect, test } from '../support/test';

test('the dialogs of Reset and Close save to a path first, and end nothing where that fails', async ({
  kernel,
  lab,
  name,
  openNotebook,
  page
}) => {
  fs.mkdirSync(inRoot(name));
  const restore = `%%tfsession train\ntf1.get_variable("v0", [256])\n%tfsession restore train ${name}/kept`;
  await openNotebook([sessionCell('train', 256), restore], 1);
  await expect(lab.bytes('train')).toHaveText('1.0 KiB');
  const field = lab.dialog.getByRole('textbox');
  const before = await kernel.evaluate<number>('__import__("tfsess_magics").sessions()[0].generation');

  await ask('Reset');
  await expect(lab.dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await page.keyboard.press('Shift+Tab');
  await expect(field).toBeFocused();
  await page.keyboard.type(`${name}/nowhere/kept`);
  await page.keyboard.press('Enter');
  await expect(lab.dialog).toHaveCount(0);
  await expect(lab.complaint).toContainText(`train was not saved to ${name}/nowhere/kept: there is no folder`);
  await expect(lab.bytes('train')).toHaveText('1.0 KiB');

  await ask('Reset');
  await field.fill(`${name}/kept`);
  await lab.dialog.getByRole('button', { name: 'Reset', exact: true }).click();
  await expect(lab.outcome).toContainText(`saved 1 variable (1.0 KiB) of train to ${name}/kept`);
  await expect(lab.outcome).toContainText('reset train: its graph is empty now');
  await expect(lab.complaint).toHaveCount(0);
  await expect(lab.row('train')).toContainText('empty graph');
  expect(await kernel.evaluate('__import__("tfsess_magics").sessions()[0].generation')).toBe(before + 1);
  await lab.row('train').hover();
  await lab.button('Close', 'train').click();
  await expect(lab.dialog).toContainText('Nothing is lost.');
  await expect(field).toHaveCount(0);
  await lab.dialog.getByRole('button', { name: 'Cancel' }).click();

  await lab.run(1);
  await expect(lab.output(1)).toContainText('restored 1 variable (1.0 KiB) of train');
  await expect(lab.bytes('train')).toHaveText('1.0 KiB');
  await ask('Close');
  await field.fill(`${name}/again`);
  await page.keyboard.press('Enter');
  await expect(lab.outcome).toContainText(`saved 1 variable (1.0 KiB) of train to ${name}/again`);
  await expect(lab.outcome).toContainText('closed train');
  await expect(lab.rows).toHaveCount(0);
  expect(fs.readFileSync(inRoot(`${name}/again.data-00000-of-00001`))).toEqual(
    fs.readFileSync(inRoot(`${name}/kept.data-00000-of-00001`))
  );

  async function ask(order: 'Reset' | 'Close'): Promise<void> {
    await lab.row('train').hover();
    await lab.button(order, 'train').click();
    await expect(lab.dialog).toContainText('To save its variables first, type a path in the folder of the kernel');
  }
});

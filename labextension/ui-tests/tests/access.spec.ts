import { Filter } from '../support/filter';
import { expectAccessible, setTheme } from '../support/looks';
import { sessionCell, writeNotebook } from '../support/lab';
import { expect, test } from '../support/test';

for (const theme of ['Light', 'Dark'] as const) {
  test(`axe-core finds nothing in the panel: ${theme}`, async ({ kernel, lab, name }) => {
    writeNotebook(`${name}.ipynb`, [sessionCell('train', 256, 3), '%tfsession new empty']);
    await kernel.serve(`${name}.ipynb`);
    await lab.open(`${name}.ipynb`);
    await setTheme(lab, theme);
    await expectAccessible(lab);
    await lab.run(0);
    await lab.run(1);
    await lab.toggle('train').click();
    await expect(lab.row('train')).toContainText('float32');
    await lab.row('empty').hover();
    await expectAccessible(lab);
    await lab.execute('docmanager:save');
    await lab.execute('application:close');
    await expect(lab.panel).toContainText('No sessions yet.');
    await expectAccessible(lab);
    await setTheme(lab, 'Light');
  });
}

test('by keyboard a row opens with Enter, and its buttons are reached with Tab', async ({
  lab,
  openNotebook,
  page
}) => {
  await openNotebook([sessionCell('one', 256), sessionCell('two', 3)], 2);
  await expect(lab.rows).toHaveCount(2);

  const filter = new Filter(lab);
  await lab.panel.getByRole('button', { name: 'Refresh' }).focus();
  for (const next of [filter.text, filter.whose, lab.toggle('one')]) {
    await page.keyboard.press('Tab');
    await expect(next).toBeFocused();
  }
  await page.keyboard.press('Enter');
  await expect(lab.toggle('one')).toHaveAttribute('aria-expanded', 'true');
  await expect(lab.row('one')).toContainText('float32');
  await page.keyboard.press('Tab');
  await expect(lab.button('Reset', 'one')).toBeFocused();
  await expect(lab.button('Reset', 'one')).toHaveCSS('opacity', '1');
  await page.keyboard.press('Tab');
  await expect(lab.button('Close', 'one')).toBeFocused();

  await page.keyboard.press('Enter');
  await expect(lab.dialog).toContainText('Close one?');
  await page.keyboard.press('Escape');
  await expect(lab.dialog).toHaveCount(0);
  await expect(lab.rows).toHaveCount(2);
  await expect(lab.button('Close', 'one')).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(lab.toggle('two')).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await expect(lab.toggle('one')).toBeFocused();
  await page.keyboard.press('ArrowLeft');
  await expect(lab.toggle('one')).toHaveAttribute('aria-expanded', 'false');
});

test('the palette closes all sessions of the current kernel, after the same question', async ({
  kernel,
  lab,
  openNotebook,
  page
}) => {
  await openNotebook([sessionCell('one', 256), sessionCell('two', 256)], 2);
  for (const session of ['one', 'two']) {
    await expect(lab.bytes(session)).toHaveText('1.0 KiB');
  }
  await lab.execute('apputils:activate-command-palette');
  await page.keyboard.type('Close All TensorFlow');
  await page.keyboard.press('Enter');
  await expect(lab.dialog).toContainText('2 variables (2.0 KiB)');
  await lab.dialog.getByRole('button', { name: 'Close All' }).click();
  await expect(lab.rows).toHaveCount(0);
  expect(await kernel.sessions()).toEqual([]);
});

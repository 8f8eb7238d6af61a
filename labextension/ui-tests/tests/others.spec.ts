import { Filter } from '../support/filter';
import { Kernel, LOAD, sessionCell, writeNotebook } from '../support/lab';
import { writeLeaky } from '../support/leaky';
import { expectAccessible } from '../support/looks';
import { expect, test } from '../support/test';
import { waitForDetails } from '../support/timers';

test.beforeEach(writeLeaky);

test('a session that a module has made is listed with its maker, adopted, entered by a cell, and closed after asking', async ({
  lab,
  name,
  page
}) => {
  await waitForDetails(page);
  writeNotebook(`${name}.ipynb`, [
    LOAD,
    'from leaky import io\nmade = io.load()',
    '%%tfsession model\ntf1.get_default_session() is made, tf1.global_variables()[0].eval().tolist()'
  ]);
  const kernel = await Kernel.start(`${name}.ipynb`);
  await lab.open(`${name}.ipynb`);
  await lab.run(0);
  await lab.run(1);
  await expect(lab.row('#1')).toContainText('leaky.io');
  await expect(lab.row('#1')).toContainText('observed · leaky/io.py:9 · default session of a thread · CPU:0');
  await expect(lab.bytes('#1')).toHaveText('8 B');
  await lab.row('#1').hover();
  await expect(lab.button('Reset', '#1')).toHaveCount(0);
  await lab.toggle('#1').click();
  await expect(lab.row('#1')).toContainText("the name 'made' in __main__");
  await expectAccessible(lab);

  await adopt('7');
  await expect(lab.complaint).toContainText("'7' does not start with a letter");
  await expectAccessible(lab);
  await adopt('model');
  await expect(lab.outcome).toContainText(
    'adopted: the session that leaky.io:load leaky/io.py:9 made is named model now'
  );
  await expect(lab.row('model')).toContainText('idle · adopted');
  await lab.run(2);
  await expect(lab.output(2)).toHaveText('(True, [1.0, 2.0])');

  await lab.row('model').hover();
  await expect(lab.button('Reset', 'model')).toHaveCount(0);
  await lab.button('Close', 'model').click();
  await expect(lab.dialog).toContainText('It belongs to other code: leaky.io:load leaky/io.py:9.');
  await expect(lab.dialog).toContainText(
    'Code of leaky.io that goes on using it gets “RuntimeError: Attempted to use a closed Session.”'
  );
  await expect(lab.dialog).toContainText("the name 'made' in __main__");
  await lab.dialog.getByRole('button', { name: 'Close', exact: true }).click();
  await expect(lab.outcome).toContainText('closed model');
  await expect(lab.rows).toHaveCount(0);
  await expect(kernel.execute('made.run([])')).rejects.toThrow('Attempted to use a closed Session');
  await kernel.shutDown();

  async function adopt(as: string): Promise<void> {
    await lab.row('#1').hover();
    await lab.button('Adopt', '#1').click();
    await expect(lab.dialog).toContainText('It still belongs to the code that made it: leaky.io:load leaky/io.py:9.');
    await expect(lab.dialog.getByRole('textbox')).toBeFocused();
    await page.keyboard.type(as);
    await page.keyboard.press('Enter');
    await expect(lab.dialog).toHaveCount(0);
  }
});

test('sessions that no code seems to need are marked, found by the filter, and closed after their names were read', async ({
  lab,
  name,
  page
}) => {
  writeNotebook(`${name}.ipynb`, [
    `${LOAD}\nimport tfsess_magics.tf.session.unused\ntfsess_magics.tf.session.unused.IDLE = 0`,
    sessionCell('train', 256),
    'from leaky import io\nmade = io.load()\nio.leak()'
  ]);
  const kernel = await Kernel.start(`${name}.ipynb`);
  await lab.open(`${name}.ipynb`);
  await lab.run(0);
  await lab.run(1);
  const filter = new Filter(lab);
  const closeUnused = lab.panel.getByRole('button', { name: 'Close unused…' });
  await expect(lab.rows).toHaveCount(1);
  await expect(filter.text).toHaveCount(0);
  await expect(closeUnused).toHaveCount(0);
  await lab.run(2);
  await expect(lab.rows).toHaveCount(4);
  await expect(lab.rows.filter({ hasText: 'unused?' })).toHaveCount(2);

  await filter.text.fill('leaky');
  await expect(lab.rows).toHaveCount(3);
  await expect(lab.panel).toContainText('3 of 4 sessions');
  await page.keyboard.press('Tab');
  await expect(filter.whose).toBeFocused();
  await filter.whose.selectOption('unused');
  await expect(lab.rows).toHaveCount(2);
  await expectAccessible(lab);
  await filter.whose.selectOption('mine');
  await expect(lab.panel).toContainText('None of the 4 sessions matches.');
  await expectAccessible(lab);
  await lab.panel.getByRole('button', { name: 'Show all' }).click();
  await expect(lab.rows).toHaveCount(4);

  await closeUnused.click();
  await expect(lab.dialog).toContainText('Close 2 unused sessions?');
  await expect(lab.dialog).toContainText('#3, made by leaky.io:leak leaky/io.py:16');
  await expect(lab.dialog).toContainText('#4, made by leaky.io:leak leaky/io.py:17');
  await lab.dialog.getByRole('button', { name: 'Close', exact: true }).click();
  await expect(lab.outcome).toHaveText('closed 2 sessions');
  await expect(lab.rows).toHaveCount(2);
  await expect(closeUnused).toHaveCount(0);
  expect(await kernel.evaluate('[io.first._closed, io.second._closed, made._closed]')).toEqual([true, true, false]);
  expect(await kernel.sessions()).toEqual(['train', '#2']);
  await kernel.shutDown();
});

import { Kernel, LOAD, writeNotebook } from '../support/lab';
import { expectAccessible, setTheme, widen } from '../support/looks';
import { expect, test } from '../support/test';

const BUILDS = '%%tfsession train\nimport tensorflow as tf\nx = tf.constant(1)';
const GROWS = '%%tfsession train\nz = 1\ny = x + 1\ny.eval();';
const MARK = /graph grows: each run of cell (\d+) adds 2 operations, most of them at cell \1, line 3: y = x \+ 1/;

test('a cell that grows the graph whenever it runs is named in the row, until it is mended', async ({
  lab,
  name,
  page
}) => {
  writeNotebook(`${name}.ipynb`, [LOAD, BUILDS, GROWS]);
  const kernel = await Kernel.start(`${name}.ipynb`);
  await lab.open(`${name}.ipynb`, name);
  for (const cell of [0, 1, 2, 2]) {
    await lab.run(cell);
  }
  await expect(lab.row('train')).toContainText('5 ops');
  await expect(lab.row('train')).not.toContainText('graph grows');
  await lab.run(2);
  await expect(lab.row('train')).toContainText(MARK);
  await expect(lab.output(2)).toContainText(MARK);
  await lab.toggle('train').click();
  await expect(lab.row('train')).toContainText('7 (2 added by cell 5)');
  for (const theme of ['Dark', 'Light'] as const) {
    await setTheme(lab, theme);
    for (const width of [340, 250]) {
      await widen(lab, width);
      await expectAccessible(lab);
    }
  }
  await page.locator('.jp-Cell .cm-content').nth(2).click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.insertText('%%tfsession train\ny.eval();');
  await lab.run(2);
  await expect(lab.row('train')).toContainText('7 (none added by cell 6)');
  await expect(lab.row('train')).not.toContainText('graph grows');
  await kernel.shutDown();
});

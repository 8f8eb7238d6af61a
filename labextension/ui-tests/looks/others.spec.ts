import { Filter } from '../support/filter';
import { Kernel, LOAD, sessionCell, writeNotebook } from '../support/lab';
import { writeLeaky } from '../support/leaky';
import { setTheme, widen } from '../support/looks';
import { expect, test } from '../support/test';
import { shooting } from './shooting';

for (const theme of ['Light', 'Dark'] as const) {
  test(`screenshots of sessions of other code: ${theme}`, async ({ lab, name, page }) => {
    const filter = new Filter(lab);
    const shoot = shooting(lab, `others-${theme}`);
    writeLeaky();
    writeNotebook(`${name}.ipynb`, [
      `${LOAD}\nimport tfsess_magics.tf.session.unused\ntfsess_magics.tf.session.unused.IDLE = 0`,
      sessionCell('train', 20_000_000, 3),
      'from leaky import io\nmade, other = io.load(), io.load()\nio.leak()\n%tfsession adopt other pretrained_model'
    ]);
    const kernel = await Kernel.start(`${name}.ipynb`);
    await lab.open(`${name}.ipynb`);
    await setTheme(lab, theme);
    for (const cell of [0, 1, 2]) {
      await lab.run(cell);
    }
    await expect(lab.rows.filter({ hasText: 'unused?' })).toHaveCount(2);
    for (const width of [340, 250]) {
      await widen(lab, width);
      await page.mouse.move(900, 300);
      await shoot(`list-${width}`);
      await lab.row('#4').hover();
      await shoot(`hover-${width}`);
      await lab.toggle('#2').click();
      await expect(lab.row('#2')).toContainText('referred to by');
      await shoot(`open-${width}`);
      await lab.toggle('#2').click();
      await filter.text.fill('leaky');
      await filter.whose.selectOption('unused');
      await shoot(`filter-${width}`);
      await filter.whose.selectOption('mine');
      await shoot(`nothing-${width}`);
      await lab.panel.getByRole('button', { name: 'Show all' }).click();
      await lab.row('#2').hover();
      await lab.button('Adopt', '#2').click();
      await shoot(`adopt-${width}`);
      await page.keyboard.press('Escape');
      await lab.row('#2').hover();
      await lab.button('Close', '#2').click();
      await expect(lab.dialog).toBeVisible();
      await shoot(`close-${width}`);
      await page.keyboard.press('Escape');
      await lab.panel.getByRole('button', { name: 'Close unused…' }).click();
      await shoot(`close-unused-${width}`);
      await page.keyboard.press('Escape');
    }
    await setTheme(lab, 'Light');
    await kernel.shutDown();
  });
}

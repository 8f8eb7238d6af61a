import { sessionCell } from '../support/lab';
import { expect, test } from '../support/test';

test('Tab offers verbs and sessions in a cell, and takes the one that is picked', async ({ openNotebook, page }) => {
  await openNotebook([sessionCell('train', 3), sessionCell('prep', 3), '%tfsession', '%%tfsession'], 2);
  const offered = page.locator('.jp-Completer-item');
  const cell = (index: number) => page.locator('.jp-Notebook .jp-Cell').nth(index).locator('.cm-content');
  const typeAndTab = async (index: number, text: string): Promise<void> => {
    await cell(index).click();
    await page.keyboard.press('End');
    await page.keyboard.type(text);
    await page.keyboard.press('Tab');
  };

  await typeAndTab(2, ' re');
  await expect(offered).toHaveText([/rename/, /reset/, /restore/]);
  await page.keyboard.press('Escape');
  await typeAndTab(2, 's');
  await expect(offered).toHaveText([/reset/, /restore/]);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(cell(2)).toHaveText('%tfsession restore');

  await typeAndTab(3, ' ');
  await expect(offered.nth(0)).toHaveText(/train\s*magic/);
  await expect(offered.nth(1)).toHaveText(/prep\s*magic/);
  await page.keyboard.press('Enter');
  await typeAndTab(3, ' --on-stop ');
  await expect(offered.first()).toHaveText(/keep/);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(cell(3)).toHaveText('%%tfsession train --on-stop drop');
});

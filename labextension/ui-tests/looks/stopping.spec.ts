import { Kernel, LOAD, writeNotebook } from '../support/lab';
import { setTheme, widen } from '../support/looks';
import { LOOPS, PREPARE } from '../support/stopping';
import { expect, test } from '../support/test';
import { shooting } from './shooting';

const LONG_NAME = 'a_session_with_a_name_that_is_much_longer_than_the_panel_is_wide';

for (const theme of ['Light', 'Dark'] as const) {
  test(`screenshots of a session that is stopping: ${theme}`, async ({ lab, name, page }) => {
    const shoot = shooting(lab, `stopping-${theme}`);
    const before = [LOAD, ...PREPARE];
    for (const session of ['train', LONG_NAME]) {
      const cells = [...before, LOOPS].map(cell => cell.replace('train', session));
      writeNotebook(`${name}.ipynb`, cells);
      const kernel = await Kernel.start(`${name}.ipynb`);
      await lab.open(`${name}.ipynb`);
      await setTheme(lab, theme);
      for (const cell of before.keys()) {
        await lab.run(cell);
      }
      await lab.start(before.length);
      await expect(lab.row(session)).toContainText(/running 0:0[1-9]/);
      for (const width of [340, 250]) {
        await widen(lab, width);
        await page.mouse.move(900, 300);
        await shoot(`running-${width}`);
        await lab.row(session).hover();
        await shoot(`running-hover-${width}`);
      }
      await lab.button('Stop', session).click();
      await expect(lab.outcome).toContainText('goes on until it ends');
      for (const width of [250, 340]) {
        await widen(lab, width);
        await page.mouse.move(900, 300);
        await shoot(`stopping-${width}`);
        await lab.stopNow(session).hover();
        await shoot(`stop-now-${width}`);
        await lab.toggle(session).focus();
        await page.keyboard.press('Tab');
        await shoot(`focus-${width}`);
      }
      await lab.stopNow(session).click();
      await expect(lab.outcome).toContainText('stopped');
      await shoot('stopped');
      await setTheme(lab, 'Light');
      await kernel.shutDown();
    }
  });
}

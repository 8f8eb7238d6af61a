import { Kernel, writeNotebook } from '../support/lab';
import { expect, test } from '../support/test';

test('with no notebook open the panel says how to begin', async ({ lab, page }) => {
  await page.goto(`${process.env.TFSESS_SERVER}/lab?reset`);
  await lab.show();
  await expect(lab.panel).toContainText('No sessions yet.');
  await expect(lab.panel).toContainText('%load_ext tfsess_magics');
  await expect(lab.panel).toContainText('%%tfsession NAME');
});

test('each empty list says what to do next', async ({ lab, name }) => {
  writeNotebook(`${name}.ipynb`, ['%load_ext tfsess_magics', '%tfsession new train', '%unload_ext tfsess_magics']);
  const kernel = await Kernel.start(`${name}.ipynb`);
  await lab.open(`${name}.ipynb`);
  await expect(lab.group(name)).toContainText(
    'The extension is not loaded here. Load it with: %load_ext tfsess_magics'
  );
  await lab.run(0);
  await expect(lab.group(name)).toContainText('No sessions yet. Start one with: %%tfsession NAME');
  await lab.run(1);
  await expect(lab.row('train')).toBeVisible();
  await lab.run(2);
  await expect(lab.group(name)).toContainText('The extension is not loaded here');
  await kernel.shutDown();
});

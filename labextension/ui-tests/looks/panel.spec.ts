import { endCell, Kernel, sessionCell, writeNotebook } from '../support/lab';
import { setTheme, widen } from '../support/looks';
import { expect, test } from '../support/test';
import { shooting } from './shooting';

const LONG_NAME = 'a_session_with_a_name_that_is_much_longer_than_the_panel_is_wide';

for (const theme of ['Light', 'Dark'] as const) {
  test(`screenshots: ${theme}`, async ({ kernel, lab, name }) => {
    const shoot = shooting(lab, theme);
    const wait = [
      '%%tfsession train',
      'import os, time',
      'def wait(_):',
      `    while not os.path.exists("${name}.end"):`,
      '        time.sleep(0.02)',
      '    return 0.0',
      'tf1.get_default_session().run(tf.numpy_function(wait, [0.0], tf.float64))'
    ].join('\n');
    writeNotebook(`${name}.ipynb`, [
      sessionCell('train', 20_000_000, 1_000_000, 4096, 3),
      `${sessionCell('prep --seed 7 --device /CPU:0 --threads 2,1', 512)}\ntf1.get_variable("late", [64, 32])\n1 / 0`,
      `%tfsession new ${LONG_NAME}`,
      wait,
      '%tfsession close --all\nfor i in range(300):\n    get_ipython().run_line_magic("tfsession", f"new s{i}")'
    ]);
    await lab.page.goto(`${process.env.TFSESS_SERVER}/lab?reset`);
    await lab.show();
    await setTheme(lab, theme);
    await shoot('no-kernel');
    await kernel.serve(`${name}.ipynb`);
    await lab.open(`${name}.ipynb`);
    await widen(lab, 340);
    await expect(lab.panel).toContainText('%%tfsession NAME');
    await shoot('no-session');
    await lab.run(0);
    await shoot('one');
    await lab.run(1);
    await lab.run(2);
    await expect(lab.rows).toHaveCount(3);
    await lab.row('prep').hover();
    await shoot('three-hover');
    await lab.toggle('train').click();
    await lab.toggle('prep').click();
    await expect(lab.row('prep')).toContainText('float32');
    await shoot('open-rows');
    await lab.toggle('prep').click();
    await lab.start(3);
    await expect(lab.row('train')).toContainText(/running 0:0[1-9]/);
    await shoot('running');
    await widen(lab, 250);
    await shoot('running-narrow');
    await widen(lab, 560);
    await shoot('running-wide');
    await widen(lab, 250);
    endCell(name);
    await expect(lab.row('train')).toContainText('idle');
    await widen(lab, 340);
    await lab.row('train').hover();
    await lab.button('Close', 'train').click();
    await expect(lab.dialog).toBeVisible();
    await shoot('dialog-close');
    await lab.dialog.getByRole('button', { name: 'Cancel' }).click();
    await lab.row(LONG_NAME).hover();
    await shoot('hover-long-name');
    await lab.button('Close', LONG_NAME).click();
    await expect(lab.dialog).toBeVisible();
    await shoot('dialog-long-name');
    await lab.dialog.getByRole('button', { name: 'Cancel' }).click();
    await lab.toggle('prep').focus();
    await lab.page.keyboard.press('Tab');
    await shoot('focus-action');
    await lab.page.keyboard.press('Shift+Tab');
    await lab.page.keyboard.press('Enter');
    await expect(lab.row('prep')).toContainText('float32');
    await shoot('focus-row');
    await lab.row('train').hover();
    await lab.button('Reset', 'train').click();
    await expect(lab.dialog).toBeVisible();
    await shoot('dialog-reset');
    await lab.dialog.getByRole('button', { name: 'Cancel' }).click();
    await lab.order('Reset', 'train');
    await expect(lab.row('train')).toContainText('empty graph');
    await shoot('after-reset');
    await lab.run(4);
    await expect(lab.rows).toHaveCount(300);
    await shoot('hundreds');
    await widen(lab, 250);
    await shoot('hundreds-narrow');
    await lab.execute('notebook:enter-command-mode');
    const closing = lab.execute('tfsess-magics:close-all');
    await expect(lab.dialog).toBeVisible();
    await shoot('dialog-close-all');
    await lab.dialog.getByRole('button', { name: 'Cancel' }).click();
    await closing;
    await setTheme(lab, 'Light');
  });

  test(`screenshots of kernels that have no sessions: ${theme}`, async ({ lab, name }) => {
    const shoot = shooting(lab, `${theme}-kernel`);
    writeNotebook(`${name}.ipynb`, ['1']);
    const kernel = await Kernel.start(`${name}.ipynb`);
    await lab.open(`${name}.ipynb`);
    await setTheme(lab, theme);
    await widen(lab, 340);
    await expect(lab.panel).toContainText('The extension is not loaded here');
    await shoot('absent');
    await lab.button('Run', '%load_ext tfsess_magics').click();
    await expect(lab.panel).toContainText('%%tfsession NAME');
    await shoot('loaded');
    await lab.restart();
    await expect(lab.panel).toContainText('The extension is not loaded here');
    await expect(lab.group(name)).toContainText('idle');
    await shoot('restarted');
    await kernel.execute('from tfsess_magics.core import feed');
    for (const [version, older] of [
      [99, 'The panel is older'],
      [1, 'The tfsess_magics of this kernel is older']
    ] as const) {
      await kernel.execute(`feed.PROTOCOL_VERSION = ${version}\n%reload_ext tfsess_magics`);
      await expect(lab.panel).toContainText(older);
      await shoot(`protocol-${version}`);
    }
    await kernel.shutDown();
    await setTheme(lab, 'Light');
  });
}

import { Kernel, LOAD, sessionCell, writeNotebook } from '../support/lab';
import { expect, test } from '../support/test';

test('a restart of the kernel empties its list, and what is made after it is listed', async ({ lab, name }) => {
  writeNotebook(`${name}.ipynb`, [LOAD, sessionCell('train', 256), sessionCell('other', 2)]);
  const kernel = await Kernel.start(`${name}.ipynb`);
  await lab.open(`${name}.ipynb`);
  await lab.run(0);
  await lab.run(1);
  await expect(lab.rows).toHaveCount(1);

  await lab.start(1);
  await expect(lab.output(1).filter({ hasText: 'ValueError' })).toBeVisible(); // the variables are there already
  await lab.restart();
  await expect(lab.rows).toHaveCount(0);
  await expect(lab.group(name)).toContainText('The extension is not loaded here');

  await lab.run(0);
  await expect(lab.group(name)).toContainText('%%tfsession NAME');
  await lab.run(2);
  await expect(lab.bytes('other')).toHaveText('8 B');
  await lab.order('Close', 'other', /1 variable \(8 B\)/);
  await expect(lab.rows).toHaveCount(0);
  expect(await kernel.sessions()).toEqual([]);
  await kernel.shutDown();
});

test('the death of the kernel empties its list, and what is made after it is listed', async ({ lab, name }) => {
  writeNotebook(`${name}.ipynb`, [
    LOAD,
    sessionCell('train', 256),
    'print("is back")',
    '%load_ext tfsess_magics\n%tfsession new empty'
  ]);
  const kernel = await Kernel.start(`${name}.ipynb`);
  await lab.open(`${name}.ipynb`);
  await lab.run(0);
  await lab.run(1);
  await expect(lab.rows).toHaveCount(1);

  process.kill(await kernel.evaluate<number>('__import__("os").getpid()'), 'SIGKILL');
  await expect(lab.rows).toHaveCount(0);
  await expect(lab.dialog).toContainText('Kernel Restarting');
  await lab.dialog.getByRole('button', { name: 'Ok' }).click();
  await expect(lab.group(name)).toContainText('The extension is not loaded here');

  // The server's connections to the kernel come back one by one, and what it publishes before is lost.
  await expect(async () => {
    await lab.start(2);
    await expect(lab.output(2)).toHaveText('is back', { timeout: 5000 });
  }).toPass({ timeout: 60_000 });
  await lab.run(3);
  await expect(lab.row('empty')).toContainText('empty graph');
  await lab.order('Close', 'empty', /Nothing is lost/);
  await expect(lab.rows).toHaveCount(0);
  await kernel.shutDown();
});

test('a closed notebook leaves the panel, its sessions live on and are back with it', async ({
  kernel,
  lab,
  name,
  openNotebook
}) => {
  await openNotebook([sessionCell('train', 256)], 1);
  await expect(lab.rows).toHaveCount(1);

  await lab.execute('docmanager:save');
  await lab.execute('application:close');
  await expect(lab.groups).toHaveCount(0);
  await expect(lab.panel).toContainText('No sessions yet.');
  expect(await kernel.sessions()).toEqual(['train']);

  await lab.execute('docmanager:open', { path: `${name}.ipynb` });
  await expect(lab.row('train')).toContainText('1.0 KiB');
  await lab.order('Close', 'train');
  await expect(lab.rows).toHaveCount(0);
  expect(await kernel.sessions()).toEqual([]);
});

test('two notebooks are two lists, and an order goes to the one that it was given in', async ({
  kernel,
  lab,
  name
}) => {
  const [here, there] = [`${name}-here`, `${name}-there`];
  writeNotebook(`${here}.ipynb`, [sessionCell('train', 256)]);
  writeNotebook(`${there}.ipynb`, [LOAD, sessionCell('train', 512)]);
  await kernel.serve(`${here}.ipynb`);
  const other = await Kernel.start(`${there}.ipynb`);
  await lab.open(`${here}.ipynb`);
  await lab.run(0);
  await lab.execute('docmanager:open', { path: `${there}.ipynb` });
  await lab.ready(`${there}.ipynb`);
  await lab.run(0);
  await lab.run(1);

  await expect(lab.groups).toHaveCount(2);
  await expect(lab.group(here).getByRole('listitem')).toContainText('1.0 KiB');
  await expect(lab.group(there).getByRole('listitem')).toContainText('2.0 KiB');
  await lab.group(there).getByRole('listitem').hover();
  await lab.group(there).getByRole('button', { name: 'Close train' }).click();
  await expect(lab.dialog).toContainText('1 variable (2.0 KiB)');
  await lab.dialog.getByRole('button', { name: 'Close', exact: true }).click();
  await expect(lab.group(there).getByRole('listitem')).toHaveCount(0);
  await expect(lab.group(here).getByRole('listitem')).toHaveCount(1);
  expect(await kernel.sessions()).toEqual(['train']);
  expect(await other.sessions()).toEqual([]);
  await other.shutDown();
});

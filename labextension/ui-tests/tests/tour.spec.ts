import { LOAD, sessionCell, writeNotebook, Kernel } from '../support/lab';
import { expect, test } from '../support/test';

test('sessions of a notebook are listed with their bytes, reset and closed by clicking', async ({ lab, name }) => {
  writeNotebook(`${name}.ipynb`, [LOAD, sessionCell('train', 1000, 24), sessionCell('prep', 3)]);
  const kernel = await Kernel.start(`${name}.ipynb`);
  await lab.open(`${name}.ipynb`);
  await lab.execute('notebook:run-all-cells');

  await expect(lab.rows).toHaveCount(2);
  await expect(lab.row('train')).toContainText('4.0 KiB');
  await expect(lab.row('prep')).toContainText('12 B');
  await expect(lab.panel).toContainText('2 sessions · 4.0 KiB in variables');
  const train = '__import__("tfsess_magics").get("train")';
  const before = await kernel.evaluate<number>(`${train}.generation`);

  await lab.order('Reset', 'train', /2 variables \(4\.0 KiB\)/);
  await expect(lab.row('train')).toContainText('empty graph');
  await expect(lab.row('train')).toContainText('0 B');
  await expect(lab.outcome).toContainText('reset train: its graph is empty now');

  await lab.order('Close', 'prep', /1 variable \(12 B\)/);
  await expect(lab.rows).toHaveCount(1);
  await expect(lab.outcome).toContainText('closed prep');

  expect(await kernel.sessions()).toEqual(['train']);
  expect(await kernel.evaluate(`${train}.generation`)).toBe(before + 1);
  expect(await kernel.evaluate(`len(${train}.graph.get_operations())`)).toBe(0);
  await kernel.shutDown();
});

test('an open row never shows the variables of the graph that a reset has thrown away', async ({
  kernel,
  lab,
  name
}) => {
  writeNotebook(`${name}.ipynb`, [sessionCell('train', 256)]);
  await kernel.serve(`${name}.ipynb`);
  await lab.open(`${name}.ipynb`);
  await lab.run(0);
  await lab.toggle('train').click();
  await expect(lab.row('train')).toContainText('float32');
  await lab.recordRows();
  await lab.order('Reset', 'train');
  await expect(lab.row('train')).toContainText('empty graph');
  await expect(lab.row('train')).toContainText('No variables.');

  const rows = await lab.recordedRows();
  expect(rows.filter(({ text }) => text.includes('empty graph') && text.includes('float32'))).toEqual([]);
});

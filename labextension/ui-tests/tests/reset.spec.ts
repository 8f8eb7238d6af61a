import { sessionCell } from '../support/lab';
import { expect, test } from '../support/test';

test('an open row never shows the variables of the graph that a reset has thrown away', async ({
  lab,
  openNotebook
}) => {
  await openNotebook([sessionCell('train', 256)], 1);
  await lab.toggle('train').click();
  await expect(lab.row('train')).toContainText('float32');
  await lab.recordRows();
  await lab.order('Reset', 'train');
  await expect(lab.row('train')).toContainText('empty graph');
  await expect(lab.row('train')).toContainText('No variables.');

  const rows = await lab.recordedRows();
  expect(rows.filter(({ text }) => text.includes('empty graph') && text.includes('float32'))).toEqual([]);
});

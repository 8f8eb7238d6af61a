import { expect, test } from '../support/test';
import { waitForDetails } from '../support/timers';

test('an eager scope is listed with what it made, asks with its names, and drops them; ordinary cells have one row', async ({
  kernel,
  lab,
  openNotebook,
  page
}) => {
  await waitForDetails(page);
  const imports = 'import tensorflow as tf\n';
  await openNotebook(
    [
      `%%tfsession classifier --eager\n${imports}weights = tf.Variable(tf.zeros([256]))\nmodel = tf.Module()`,
      `${imports}mine = tf.Variable(tf.zeros([1024]))`
    ],
    2
  );
  const scope = lab.row('classifier');
  const outside = lab.row('eager (outside any scope)');
  await expect(scope).toContainText('1.0 KiB');
  await expect(scope).toContainText('1 variable');
  await expect(outside).toContainText('4.0 KiB');
  await expect(outside.getByRole('button', { name: /Reset|Close|Stop/ })).toHaveCount(0);

  await lab.toggle('classifier').click();
  await expect(scope).toContainText('model: Module, 0 variables, 0 B');
  await lab.order('Reset', 'classifier', /Reset removes these names from the notebook: model, weights\./);
  await expect(lab.outcome).toContainText('reset classifier');
  await expect(lab.bytes('classifier')).toHaveText('0 B');
  expect(await kernel.evaluate('"weights" in globals() or "model" in globals()')).toBe(false);

  await kernel.execute('del mine');
  await expect(outside).toHaveCount(0);
  await lab.order('Close', 'classifier');
  await expect(scope).toHaveCount(0);
});

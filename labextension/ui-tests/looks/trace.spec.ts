import { Kernel, LOAD, writeNotebook } from '../support/lab';
import { setTheme } from '../support/looks';
import { expect, test } from '../support/test';
import { shooting } from './shooting';

const BUILD = `%%tfsession train --config tf.compat.v1.ConfigProto(device_count={"CPU": 4})
v1 = tf.compat.v1
results = []
for index in range(4):
    with tf.device(f"/CPU:{index}"):
        v = v1.get_variable(f"v{index}", [600, 600])
        results.append(tf.nn.relu(tf.matmul(v, v, name=f"square{index}") @ v, name=f"relu{index}"))
with tf.device("/GPU:0"):
    moved = v1.get_variable("moved", [10])
total = tf.add(tf.add_n([tf.reduce_sum(result) for result in results]), tf.reduce_sum(moved), name="total")
v1.global_variables_initializer().run()`;

for (const theme of ['Light', 'Dark'] as const) {
  test(`screenshots of a traced run: ${theme}`, async ({ lab, name }) => {
    const shoot = shooting(lab, `trace-${theme}`);
    writeNotebook(`${name}.ipynb`, [
      `import tensorflow as tf\n${LOAD}`,
      BUILD,
      '%%tfsession train --trace\nfor _ in range(3): total.eval()'
    ]);
    const kernel = await Kernel.start(`${name}.ipynb`);
    await lab.open(`${name}.ipynb`);
    await setTheme(lab, theme);
    for (const cell of [0, 1, 2]) {
      await lab.run(cell);
    }
    const output = lab.output(2);
    await expect(output).toContainText('run 2 of 3 in that cell');
    await output.getByText('operations by time').scrollIntoViewIfNeeded();
    await output.locator('svg[role=img] rect', { hasText: /^square3\s/ }).hover();
    await shoot('timeline');
    await output.getByText('ran elsewhere').scrollIntoViewIfNeeded();
    await shoot('placement');
    await setTheme(lab, 'Light');
    await kernel.shutDown();
  });
}

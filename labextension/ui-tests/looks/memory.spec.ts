import { Kernel, LOAD, writeNotebook } from '../support/lab';
import { setTheme, widen } from '../support/looks';
import { expect, test } from '../support/test';
import { shooting } from './shooting';

const BUILD = `%%tfsession train --config tf.compat.v1.ConfigProto(device_count={"CPU": 4})
v1 = tf.compat.v1
for index in range(4):
    with tf.device(f"/CPU:{index}"):
        v1.get_variable(f"v{index}", [2 ** (18 + index)]).initializer.run()
total = tf.add_n([tf.reduce_sum(v * v) for v in v1.global_variables()], name="total")`;
const OTHERS = `for number in range(7):
    with tf.Graph().as_default():
        session = v1.Session()
        session.run(v1.get_variable("v", [(8 - number) * 2**18]).initializer)
    globals()[f"session_{number}"] = session`;

for (const theme of ['Light', 'Dark'] as const) {
  test(`screenshots of memory: ${theme}`, async ({ lab, name }) => {
    const shoot = shooting(lab, `memory-${theme}`);
    writeNotebook(`${name}.ipynb`, [
      `import tensorflow as tf\n${LOAD}`,
      BUILD,
      '%%tfsession train --trace\nfor _ in range(3): total.eval()',
      OTHERS,
      '%tfsession info train',
      '%tfsession memory'
    ]);
    const kernel = await Kernel.start(`${name}.ipynb`);
    await lab.open(`${name}.ipynb`);
    await setTheme(lab, theme);
    await widen(lab, 340);
    for (const cell of [0, 1, 2, 3, 4, 5]) {
      await lab.run(cell);
    }
    await lab.toggle('train').click();
    await expect(lab.row('train')).toContainText('ran on');
    await shoot('kernel');
    await lab.output(4).scrollIntoViewIfNeeded();
    await shoot('info');
    await widen(lab, 250);
    await shoot('narrow');
    await widen(lab, 560);
    await shoot('wide');
    await setTheme(lab, 'Light');
    await kernel.shutDown();
  });
}

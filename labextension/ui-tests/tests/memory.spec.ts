import { Kernel, LOAD, sessionCell, writeNotebook } from '../support/lab';
import { expectAccessible } from '../support/looks';
import { expect, test } from '../support/test';

test('what each device and session holds is shown, with the numbers of the magic, and follows cells', async ({
  lab,
  name,
  page
}) => {
  writeNotebook(`${name}.ipynb`, [
    LOAD,
    sessionCell('train', 2 ** 20),
    "%%tfsession train\nw = tf1.get_variable('w', [2**21])\ntf1.get_default_session().run(w.initializer)",
    '%tfsession memory',
    'kept = tf.zeros([2**21])',
    '%tfsession close train'
  ]);
  const kernel = await Kernel.start(`${name}.ipynb`);
  await lab.open(`${name}.ipynb`);
  const memory = page.locator('.tfsess-Memory');
  await lab.run(0);
  await lab.run(1);
  await expect(lab.bytes('train')).toHaveText('4.0 MiB');
  await expect(memory).toContainText(/CPU4\.0 MiB.*peak \d/);
  await lab.run(2);
  await expect(lab.bytes('train')).toHaveText('12.0 MiB');
  await expect(lab.row('train').locator('.tfsess-Sparkline')).toBeVisible();
  await lab.toggle('train').click();
  await expect(lab.row('train')).toContainText(/largest run[\d.]+ m?s · peak 8\.0 MiB on CPU/);

  await lab.run(3);
  const said = (await lab.output(3).innerText()).replace(/\s+/g, ' ');
  const [, inUse, peak] = said.match(/CPU: (\S+ MiB) in use, peak (\S+ MiB)/)!;
  const [, resident] = said.match(/process: (\S+ [MG]iB) in memory/)!;
  await expect(memory).toContainText(`CPU${inUse}`);
  await expect(memory).toContainText(`peak ${peak}`);
  await expect(memory).toContainText(`process ${resident}`);
  await expect(memory).toContainText(/variables 12\.0 MiB · other \d/);
  await expectAccessible(lab);

  await lab.run(4);
  await expect(memory).toContainText('variables 12.0 MiB · other 8.0 MiB');
  await lab.run(5);
  await expect(lab.output(5)).toContainText("12.0 MiB given back to TensorFlow's allocator");
  await expect(memory).toContainText('CPU8.0 MiB');
  await kernel.shutDown();
});

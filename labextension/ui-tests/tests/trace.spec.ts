import * as fs from 'fs';

import { expect, test } from '../support/test';

test('the timeline of a traced run is seen in the notebook and can be saved from there', async ({
  lab,
  openNotebook,
  page
}) => {
  await openNotebook([
    '%%tfsession train\nimport tensorflow as tf\nx = tf.square(tf.random.uniform([300]), name="squared")',
    '%%tfsession train --trace\n_ = x.eval()'
  ]);
  await lab.run(0);
  await lab.run(1);
  const output = lab.output(1);
  const bar = output.locator('svg[role=img] rect', { hasText: 'Square on CPU:0' });
  await expect(bar).toHaveCount(1);
  const downloading = page.waitForEvent('download');
  await output.getByRole('link', { name: 'Chrome trace JSON' }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe('train-trace.json');
  const { traceEvents } = JSON.parse(fs.readFileSync(await download.path(), 'utf8')) as {
    traceEvents: { ph: string; args: { name: string } }[];
  };
  expect(traceEvents.filter(({ ph }) => ph === 'X').map(({ args }) => args.name)).toContain('squared');
});

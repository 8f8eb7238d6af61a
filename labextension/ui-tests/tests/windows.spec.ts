import type { SentMessage } from '../support/frames';
import { recordSent } from '../support/frames';
import { Kernel, Lab, sessionCell, writeNotebook } from '../support/lab';
import { expect, test } from '../support/test';

test('two windows on one kernel are both true after an order from either', async ({
  kernel,
  lab,
  name,
  openNotebook,
  openWindow
}) => {
  await openNotebook([sessionCell('one', 256), sessionCell('two', 3), sessionCell('three')], 2);
  const second = new Lab(await openWindow());
  await second.open(`${name}.ipynb`, `${name}-second`);
  await expect(second.rows).toHaveCount(2);

  await lab.order('Reset', 'one', /1 variable \(1\.0 KiB\)/);
  for (const window of [lab, second]) {
    await expect(window.row('one')).toContainText('empty graph');
  }
  await second.order('Close', 'two');
  for (const window of [lab, second]) {
    await expect(window.row('two')).toHaveCount(0);
  }
  await lab.run(2);
  for (const window of [lab, second]) {
    await expect(window.row('three')).toBeVisible();
  }
  await second.page.close();
  await lab.order('Close', 'three');
  await expect(lab.rows).toHaveCount(1);
  expect(await kernel.sessions()).toEqual(['one']);
});

test('a second window whose JupyterLab lacks the extension changes nothing', async ({
  lab,
  name,
  openNotebook,
  openWindow
}) => {
  await openNotebook([sessionCell('one', 256), '%reload_ext tfsess_magics\n%tfsession new two'], 1);
  const second = new Lab(await openWindow());
  await second.withoutExtension();
  await second.page.goto(`${process.env.TFSESS_SERVER}/lab/workspaces/${name}-second/tree/${name}.ipynb`);
  await second.ready();

  await second.run(1);
  await expect(lab.row('two')).toBeVisible();
  await lab.order('Close', 'two');
  await expect(lab.row('two')).toHaveCount(0);
  await second.page.close();
  await lab.order('Reset', 'one', /1 variable/);
  await expect(lab.row('one')).toContainText('empty graph');
});

test('a notebook that never loads the extension gets one comm_info_request per connection and nothing else', async ({
  lab,
  name,
  openWindow
}) => {
  writeNotebook(`${name}.ipynb`, ['print("ran")']);
  const kernel = await Kernel.start(`${name}.ipynb`);
  const sent = recordSent(lab.page);
  const ours = (): SentMessage[] => sent.filter(({ content }) => JSON.stringify(content).includes('tfsess'));
  const question = { channel: 'control', type: 'comm_info_request', content: { target_name: 'tfsess_magics' } };
  await lab.open(`${name}.ipynb`);
  await lab.run(0);
  expect(ours()).toEqual([question]);

  const plain = new Lab(await openWindow());
  await plain.withoutExtension();
  const sentWithout = recordSent(plain.page);
  await plain.page.goto(`${process.env.TFSESS_SERVER}/lab/workspaces/${name}-plain/tree/${name}.ipynb`);
  await plain.ready();
  await plain.run(0);
  const types = (messages: SentMessage[]): string[] =>
    messages
      .filter(({ type }) => type !== 'debug_request') // JupyterLab's debugger asks now more, now less often
      .map(({ channel, type }) => `${channel} ${type}`)
      .sort();
  await expect(() => {
    expect(types(sent)).toEqual([...types(sentWithout), 'control comm_info_request'].sort());
  }).toPass({ timeout: 60_000 });

  await lab.reload();
  await lab.ready();
  await lab.run(0);
  expect(ours()).toEqual([question, question]);
  await kernel.shutDown();
});

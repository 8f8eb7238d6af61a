import * as fs from 'fs';

import { endCell, inRoot, Kernel, Lab, LOAD, sessionCell, waitingCell, writeNotebook } from '../support/lab';
import { expect, test } from '../support/test';

test('the last activity of the kernel does not move while nothing happens', async ({ kernel, lab, openNotebook }) => {
  await openNotebook([sessionCell('train', 256)], 1);
  await lab.toggle('train').click();
  await expect(lab.row('train')).toContainText('float32');
  let last = '';
  await expect // JupyterLab itself has things to say for a while
    .poll(
      async () => {
        const before = last;
        last = (await kernel.model()).last_activity;
        return before === last;
      },
      { intervals: [5000] }
    )
    .toBe(true);

  await lab.page.waitForTimeout(5000);
  expect((await kernel.model()).last_activity).toBe(last);
});

test('a figure that a running cell is drawing is not flushed by our messages', async ({ lab, name, openNotebook }) => {
  const draw = 'import matplotlib.pyplot as plt\n_, axes = plt.subplots()\n_ = axes.plot([1, 2])';
  await openNotebook(
    [
      '%matplotlib inline',
      sessionCell('spare', 256),
      `${draw}\n%tfsession new drawing\n${waitingCell(name)}\n_ = axes.plot([2, 1])\nprint(len(plt.get_fignums()), "figure")`
    ],
    2
  );
  await lab.start(2);
  await expect(lab.row('drawing')).toBeVisible();
  await lab.toggle('spare').click();
  await expect(lab.row('spare')).toContainText('float32');
  await lab.order('Reset', 'spare');
  await expect(lab.row('spare')).toContainText('empty graph');
  await lab.order('Close', 'spare');
  await expect(lab.row('spare')).toHaveCount(0);

  endCell(name);
  await expect(lab.prompt(2)).toHaveText(/\[\d+\]:/);
  await expect(lab.output(2).filter({ hasText: '1 figure' })).toBeVisible();
  await expect(lab.output(2).locator('img')).toHaveCount(1);
  await expect(lab.output(2).last().locator('img')).toHaveCount(1);
});

test('pages that are closed, left or reloaded leave no thread and no subshell', async ({ lab, name, openWindow }) => {
  const threads = async (): Promise<string[]> => {
    const names = await kernel.evaluate<string[]>('[thread.name for thread in __import__("threading").enumerate()]');
    return names.map(thread => thread.replace(/^subshell-.*/, 'subshell')).sort();
  };
  writeNotebook(`${name}.ipynb`, []);
  const kernel = await Kernel.start(`${name}.ipynb`); // what other tests' pages leave does not count
  await kernel.execute(LOAD);
  await kernel.execute(sessionCell('train', 256)); // TensorFlow's own threads are there from now on
  const before = await threads();

  const closed = new Lab(await openWindow());
  const left = new Lab(await openWindow());
  for (const window of [lab, closed, left]) {
    await window.withoutWidgets();
  }
  await closed.open(`${name}.ipynb`, `${name}-closed`);
  await expect(closed.rows).toHaveCount(1);
  await left.open(`${name}.ipynb`, `${name}-left`);
  await expect(left.rows).toHaveCount(1);
  await lab.open(`${name}.ipynb`, name);
  await expect(lab.rows).toHaveCount(1);
  const open = await threads();
  expect(open.length).toBeGreaterThan(before.length);

  await lab.reload();
  await lab.ready();
  await lab.show();
  await expect(lab.rows).toHaveCount(1);
  await expect.poll(threads, 'after a reload').toEqual(open);
  const subshells = async (): Promise<number> => (await threads()).filter(thread => thread === 'subshell').length;
  const ours = await subshells();
  await lab.execute('docmanager:save');
  await lab.execute('application:close');
  await expect.poll(subshells, 'after a notebook was closed beside other windows').toBe(ours - 1);
  await left.page.goto('about:blank');
  await expect.poll(subshells, 'after a page was left').toBe(ours - 2);
  await closed.page.close({ runBeforeUnload: true });
  await expect.poll(threads, 'after all are gone').toEqual(before);
  await kernel.shutDown();
});

test('a page that goes while a cell runs is forgotten at once', async ({ lab, name }) => {
  const threads = `${name}.threads`;
  writeNotebook(`${name}.ipynb`, [
    `import os, sys, threading, time
told = sys.modules["tfsess_magics.extension"].feed._receivers
while not os.path.exists("${name}.end"):
    names = " ".join(sorted(thread.name.partition("-")[0] for thread in threading.enumerate())) + f" {len(told)} told"
    with open("${threads}.new", "w") as file: file.write(names)
    os.replace("${threads}.new", "${threads}")
    time.sleep(0.02)`
  ]);
  const kernel = await Kernel.start(`${name}.ipynb`);
  await kernel.execute(LOAD);
  const before = await kernel.evaluate<number>('len(__import__("threading").enumerate())');
  await lab.withoutWidgets();
  await lab.open(`${name}.ipynb`);
  await expect(lab.panel).toContainText('%%tfsession NAME');
  await lab.start(0);
  const seen = (): string => (fs.existsSync(inRoot(threads)) ? fs.readFileSync(inRoot(threads), 'utf8') : '');
  await expect.poll(seen).toMatch(/subshell.* 2 told/);

  await lab.page.goto('about:blank');
  await expect.poll(seen).toMatch(/^((?!subshell).)* 1 told/);
  await expect.poll(async () => (await kernel.model()).execution_state).toBe('busy');
  endCell(name);
  await expect.poll(() => kernel.evaluate('len(__import__("threading").enumerate())')).toBe(before);
  await kernel.shutDown();
});

import type { Locator } from '@playwright/test';

import { Kernel, Lab, LOAD, sessionCell, writeNotebook } from '../support/lab';
import { expect, test } from '../support/test';

/** A panel that `%tfsession panel` shows in the output of a cell. */
class WidgetPanel {
  constructor(readonly output: Locator) {}

  /** Click a session's button, and accept if the question is what it should be. */
  async order(order: 'Reset' | 'Close', name: string, question: string): Promise<void> {
    await this.output.getByTitle(`${order} ${name}`).click();
    await expect(this.output).toContainText(question);
    await this.output.locator('button.mod-danger').filter({ hasText: order }).click();
    await expect(this.output).not.toContainText('will be lost');
  }
}

test('%tfsession panel shows the rows of the sidebar, takes its orders, and stays true, several at once', async ({
  kernel,
  lab,
  openNotebook
}) => {
  await openNotebook([sessionCell('train', 256), '%tfsession panel', '%tfsession panel', sessionCell('late', 512)]);
  for (const cell of [0, 1, 2]) {
    await lab.run(cell);
  }
  const [one, other] = [1, 2].map(cell => new WidgetPanel(lab.output(cell)));
  for (const { output } of [one, other]) {
    await expect(output).toContainText('train idle · 1.0 KiB (1 variable)');
  }
  await lab.run(3);
  for (const { output } of [one, other]) {
    await expect(output).toContainText('late idle · 2.0 KiB (1 variable)');
  }
  await expect(lab.row('late')).toContainText('2.0 KiB');

  await one.output.getByTitle('Close train').click();
  await expect(one.output).toContainText('1 variable (1.0 KiB) will be lost');
  await one.output.getByRole('button', { name: 'Cancel' }).click();
  await expect(one.output).not.toContainText('will be lost');
  expect(await kernel.sessions()).toEqual(['train', 'late']);

  await one.order('Reset', 'train', '1 variable (1.0 KiB) will be lost');
  await expect(one.output).toContainText('reset train');
  await expect(other.output).toContainText('train idle · 0 B (no variables)');
  await expect(lab.row('train')).toContainText('empty graph');
  await other.order('Close', 'late', '1 variable (2.0 KiB) will be lost');
  await expect(one.output).not.toContainText('2.0 KiB');
  await expect(lab.rows).toHaveCount(1);
  expect(await kernel.sessions()).toEqual(['train']);
  await lab.order('Close', 'train');
  for (const { output } of [one, other]) {
    await expect(output).toContainText('No sessions yet. Start one with %%tfsession NAME');
  }
});

test('%tfsession panel is gone with its cell, and only with it', async ({ lab, name, openWindow }) => {
  writeNotebook(`${name}.ipynb`, [LOAD, '%tfsession panel', '%tfsession new late', '%tfsession close late']);
  const kernel = await Kernel.start(`${name}.ipynb`);
  const left = (): Promise<Left> => kernel.evaluate(LEFT);
  const nothing: Left = { panels: 0, widgets: 0, threads: [] };
  const open = async (window: Lab, workspace: string): Promise<void> => {
    await window.withoutExtension(); // so that the panel is the only one to be told
    await window.page.goto(`${process.env.TFSESS_SERVER}/lab/workspaces/${workspace}/tree/${name}.ipynb?reset`);
    await window.ready();
  };
  await open(lab, name);
  await lab.run(0);
  expect(await left()).toEqual(nothing);
  await lab.run(1);
  await expect(lab.output(1)).toContainText('No sessions yet');
  const one = await left();
  expect(one).toMatchObject({ panels: 1, threads: [] });
  const grace = await kernel.evaluate<number>(GRACE);
  /** Do something to the panel that it must outlive, however late a page says that it still shows it. */
  const outlives = async (what: string, act: () => Promise<unknown>): Promise<void> => {
    await kernel.execute(`${GRACE} = 60`);
    const counted = await kernel.evaluate(COUNTED);
    await act();
    await expect.poll(() => kernel.evaluate(COUNTED)).not.toBe(counted);
    await expect.poll(left, what).toEqual(one);
    await kernel.execute(`${GRACE} = ${grace}`);
  };

  await lab.activate(1);
  await outlives('after a move', () => lab.execute('notebook:move-cell-down'));
  await lab.run(1);
  await expect(lab.output(2)).toContainText('late');
  await lab.run(3);
  await expect(lab.output(2)).toContainText('No sessions yet');

  await lab.run(2);
  await expect.poll(left, 'after it has run again').toEqual(one);
  await lab.execute('docmanager:save');
  await lab.reload();
  await lab.ready();
  await expect(lab.output(2)).toContainText('No sessions yet');
  const second = new Lab(await openWindow());
  await open(second, `${name}-second`);
  await expect(second.output(2)).toContainText('No sessions yet');
  await lab.activate(2);
  await outlives('cleared in one window, shown in another', () => lab.execute('notebook:clear-cell-output'));
  await second.activate(2);
  await second.execute('notebook:delete-cell');
  await expect.poll(left, 'cleared in one window, deleted in another').toEqual(nothing);
  await kernel.shutDown();
});

interface Left {
  panels: number;
  widgets: number;
  threads: string[];
}

/** What there is in the kernel of panels: those that hear of sessions, widgets, and threads. */
const LEFT = `{
  "panels": len([r for r in __import__("tfsess_magics").extension.feed._receivers if hasattr(r, "__self__")]),
  "widgets": len(__import__("ipywidgets").widgets.widget._instances),
  "threads": [t.name for t in __import__("threading").enumerate() if t.name == "tfsess_magics panel"],
}`;

/** For how long the panel waits for a page to show that it still has a view. */
const GRACE = '__import__("tfsess_magics").notebook.views.widget._GRACE';

/** The widget by which the views of the only panel are counted. */
const COUNTED = '__import__("tfsess_magics").extension.feed._receivers[-1].__self__._counted.model_id';

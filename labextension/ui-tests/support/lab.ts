import type { Locator, Page } from '@playwright/test';
import { expect } from '@playwright/test';
import * as fs from 'fs';
import * as path from 'path';

import type { App } from './app';
import { Kernel } from './kernel';

/** What a row showed, and when, in milliseconds since the epoch. */
export interface SeenRow {
  at: number;
  name: string;
  state: string;
  text: string;
}
declare global {
  interface Window {
    jupyterapp: App;
    rows: SeenRow[];
  }
}

/** Write a notebook into the server's folder. */
export function writeNotebook(name: string, cells: readonly string[]): void {
  const notebook = {
    cells: cells.map((source, index) => ({
      id: `cell-${index}`,
      cell_type: 'code',
      source,
      metadata: {},
      outputs: [],
      execution_count: null
    })),
    metadata: { kernelspec: { name: 'python3', display_name: 'Python 3 (ipykernel)', language: 'python' } },
    nbformat: 4,
    nbformat_minor: 5
  };
  fs.writeFileSync(inRoot(name), JSON.stringify(notebook));
}

/** Path of a file in the server's folder, which is also the kernels' working directory. */
export function inRoot(name: string): string {
  return path.join(process.env.TFSESS_ROOT!, name);
}

/** A JupyterLab page with a notebook and the panel. */
export class Lab {
  constructor(readonly page: Page) {}

  /** Open a notebook, with the kernel that the server has for it, and show the panel. */
  async open(notebook: string, workspace = 'default'): Promise<void> {
    await this.page.goto(`${process.env.TFSESS_SERVER}/lab/workspaces/${workspace}/tree/${notebook}?reset`);
    await this.ready();
    await this.show();
  }

  /** Wait until JupyterLab is up and its notebook, that one if it is given, is connected to the kernel. */
  async ready(notebook?: string): Promise<void> {
    await this.page.waitForFunction(
      path => {
        const panel = window.jupyterapp?.shell?.currentWidget;
        const isIt = path === undefined || panel?.context?.path === path;
        return isIt && panel?.sessionContext?.session?.kernel?.connectionStatus === 'connected';
      },
      notebook,
      { timeout: 120_000 }
    );
  }

  /** Have the page load JupyterLab without our extension. */
  async withoutExtension(): Promise<void> {
    await this.page.route('**/extensions/tfsess-magics/**', route => route.abort());
  }

  /** Have the page load JupyterLab without its widgets: they make a subshell, and leave it when the kernel is slow. */
  async withoutWidgets(): Promise<void> {
    await this.page.route('**/extensions/@jupyter-widgets/**', route => route.abort());
  }

  /** Restart the kernel, by the command and its dialog. */
  async restart(): Promise<void> {
    const restarted = this.execute('notebook:restart-kernel');
    await this.dialog.getByRole('button', { name: 'Confirm Kernel Restart' }).click();
    await restarted;
  }

  /** Show the panel, by its tab in the sidebar. */
  async show(): Promise<void> {
    if (!(await this.panel.isVisible())) {
      await this.page.getByRole('tab', { name: 'TensorFlow Sessions' }).click();
    }
    await expect(this.panel).toBeVisible();
  }

  /** Wait until JupyterLab has saved which panels are open, which it does some time after they change. */
  async saveLayout(): Promise<void> {
    const workspace = new URL(this.page.url()).pathname.match(/workspaces\/([^/]+)/)![1];
    await expect
      .poll(async () => {
        const response = await fetch(`${process.env.TFSESS_SERVER}/lab/api/workspaces/${workspace}`);
        return response.ok ? await response.text() : '';
      })
      .toMatch(/"current": ?"tfsess-magics-panel"/);
  }

  /** Reload the page, as the user would, without waiting for JupyterLab. */
  async reload(): Promise<void> {
    await this.page.reload({ waitUntil: 'commit' });
  }

  get panel(): Locator {
    return this.page.locator('#tfsess-magics-panel');
  }

  get rows(): Locator {
    return this.panel.locator('li.tfsess-Row');
  }

  row(name: string): Locator {
    return this.rows.filter({ has: this.page.getByText(name, { exact: true }) });
  }

  toggle(name: string): Locator {
    return this.row(name).locator('button[aria-expanded]');
  }

  /** Where a row says how large its variables are. */
  bytes(name: string): Locator {
    return this.row(name).locator('.tfsess-Row-bytes');
  }

  get groups(): Locator {
    return this.panel.locator('section');
  }

  button(order: 'Reset' | 'Close' | 'Adopt' | 'Run' | 'Stop', name: string): Locator {
    return this.panel.getByRole('button', { name: `${order} ${name}`, exact: true });
  }

  /** The button of a session whose order to stop waits for a run. */
  stopNow(name: string): Locator {
    return this.panel.getByRole('button', { name: `Stop ${name} now`, exact: true });
  }

  get dialog(): Locator {
    return this.page.getByRole('dialog');
  }

  /** Where the panel says what an order has led to. */
  get outcome(): Locator {
    return this.panel.getByRole('status');
  }

  /** Where the row says why an order was refused. */
  get complaint(): Locator {
    return this.rows.getByRole('alert');
  }

  /** Click a session's button, and accept the dialog if it says what it should. */
  async order(order: 'Reset' | 'Close', name: string, lost?: RegExp): Promise<void> {
    await this.row(name).hover();
    await this.button(order, name).click();
    await expect(this.dialog).toContainText(`${order} ${name}?`);
    if (lost) {
      await expect(this.dialog).toContainText(lost);
    }
    await this.dialog.getByRole('button', { name: order, exact: true }).click();
  }

  /** Start a cell of the notebook, without waiting for its end. */
  async start(index: number): Promise<void> {
    await this.activate(index);
    await this.page.evaluate(() => void window.jupyterapp.commands.execute('notebook:run-cell'));
  }

  /** Make a cell of the notebook the one that commands are for. */
  async activate(index: number): Promise<void> {
    await this.page.evaluate(which => {
      window.jupyterapp.shell.currentWidget.content.activeCellIndex = which;
    }, index);
  }

  /** Run a cell of the notebook to its end. */
  async run(index: number, timeout = 120_000): Promise<void> {
    await this.start(index);
    await this.ended(index, timeout);
  }

  /** Wait for the end of a cell: what is started while one is failing is aborted with it. */
  async ended(index: number, timeout?: number): Promise<void> {
    await expect(this.prompt(index)).toHaveText(/\[\d+\]:/, { timeout });
  }

  prompt(index: number): Locator {
    return this.page.locator('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell .jp-InputPrompt').nth(index);
  }

  output(index: number): Locator {
    return this.page
      .locator('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell')
      .nth(index)
      .locator('.jp-OutputArea-output');
  }

  /** Record what the rows show whenever it changes, from now on. */
  async recordRows(): Promise<void> {
    await this.panel.evaluate(panel => {
      window.rows = [];
      const note = (): void => {
        const at = performance.timeOrigin + performance.now();
        for (const row of panel.querySelectorAll<HTMLElement>('.tfsess-Row')) {
          const name = row.querySelector('.tfsess-Row-name')?.textContent ?? '';
          window.rows.push({ at, name, state: row.dataset.state ?? '', text: row.textContent ?? '' });
        }
      };
      new MutationObserver(note).observe(panel, {
        attributes: true,
        characterData: true,
        childList: true,
        subtree: true
      });
    });
  }

  recordedRows(): Promise<SeenRow[]> {
    return this.page.evaluate(() => window.rows);
  }

  /** The notebook's own sign of what the kernel is doing. */
  get indicator(): Locator {
    return this.page.locator('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook-ExecutionIndicator');
  }

  group(notebook: string): Locator {
    return this.groups.filter({ has: this.page.getByRole('heading', { name: notebook }) });
  }

  /** Execute a command of JupyterLab, and return its result if that is a plain value. */
  execute<T>(command: string, args: object = {}): Promise<T> {
    return this.page.evaluate(
      async ([id, given]) => {
        const result = await window.jupyterapp.commands.execute(id, given);
        return (typeof result === 'object' ? null : result) as never;
      },
      [command, args] as const
    );
  }
}

/** Begin of every notebook here: TensorFlow as `tf1`, and the extension. */
export const LOAD = 'import tensorflow as tf\ntf1 = tf.compat.v1\n%load_ext tfsess_magics';

/** A cell that makes a session with variables of so many floats. */
export function sessionCell(name: string, ...sizes: number[]): string {
  const variables = sizes.map((size, index) => `tf1.get_variable("v${index}", [${size}])`).join('\n');
  const run = sizes.length ? 'tf1.get_default_session().run(tf1.global_variables_initializer())' : 'tf.constant(1)';
  return `%%tfsession ${name}\n${variables}\n${run}`;
}

/** A cell that runs until `endCell` is called with the same name, in the session `session` if there is one. */
export function waitingCell(name: string, session?: string): string {
  const header = session ? `%%tfsession ${session}\n` : '';
  return `${header}import os, time\nwhile not os.path.exists("${name}.end"):\n    time.sleep(0.02)`;
}

/** End the cell of `waitingCell`. */
export function endCell(name: string): void {
  fs.writeFileSync(inRoot(`${name}.end`), '');
}

export { Kernel };

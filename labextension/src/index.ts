import { ILayoutRestorer } from '@jupyterlab/application';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IConsoleTracker } from '@jupyterlab/console';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator } from '@jupyterlab/translation';

import { addCommands, CommandIDs } from './commands';
import { ConnectedKernels } from './kernels';
import { SessionsModel } from './model';
import { SessionOrders } from './orders';
import { SessionsPanel } from './panel';

const panelPlugin: JupyterFrontEndPlugin<void> = {
  id: 'tfsess-magics:panel',
  description: 'Lists the live TensorFlow sessions of every connected kernel in the sidebar.',
  autoStart: true,
  requires: [ITranslator],
  optional: [INotebookTracker, IConsoleTracker, ICommandPalette, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    translator: ITranslator,
    notebooks: INotebookTracker | null,
    consoles: IConsoleTracker | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null
  ): void => {
    const trans = translator.load('tfsess_magics');
    const model = new SessionsModel();
    const kernels = new ConnectedKernels(model, trans);
    const orders = new SessionOrders(model, kernels, trans);
    const panel = new SessionsPanel(model, orders, trans);
    orders.outcomes = panel;
    [notebooks, consoles].forEach(tracker => tracker && kernels.follow(tracker));
    window.addEventListener('pagehide', () => {
      kernels.leave();
      linger();
    });

    app.shell.add(panel, 'left', { rank: 250, type: trans.__('TensorFlow Sessions') });
    restorer?.add(panel, panel.id);

    addCommands({
      commands: app.commands,
      model,
      orders,
      trans,
      show: () => app.shell.activateById(panel.id),
      currentKernel: () => kernels.kernelOf(app.shell.currentWidget)
    });
    const category = trans.__('TensorFlow Sessions');
    [CommandIDs.show, CommandIDs.refresh, CommandIDs.closeAll, CommandIDs.closeUnused].forEach(command =>
      palette?.addItem({ command, category })
    );
  }
};

export default panelPlugin;

const LINGER = 150;

/**
 * Keep a page that goes for some milliseconds. The browser takes messages of a page from another process, and drops those
 * that it has not taken when the page is gone.
 */
function linger(): void {
  const end = performance.now() + LINGER;
  while (performance.now() < end) {
    // Nothing that waits would keep the page.
  }
}

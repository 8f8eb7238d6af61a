import { ILayoutRestorer } from '@jupyterlab/application';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ITranslator } from '@jupyterlab/translation';

import { SessionsPanel } from './panel';

const SHOW = 'tfsess-magics:show';

const panelPlugin: JupyterFrontEndPlugin<void> = {
  id: 'tfsess-magics:panel',
  description: 'Lists the live TensorFlow sessions of every connected kernel in the sidebar.',
  autoStart: true,
  requires: [ITranslator],
  optional: [ICommandPalette, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    translator: ITranslator,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null
  ): void => {
    const trans = translator.load('tfsess_magics');
    const panel = new SessionsPanel(trans);
    app.shell.add(panel, 'left', { rank: 250, type: trans.__('TensorFlow Sessions') });
    restorer?.add(panel, panel.id);

    app.commands.addCommand(SHOW, {
      label: trans.__('Show TensorFlow Sessions'),
      describedBy: { args: { type: 'object', properties: {} } },
      execute: () => app.shell.activateById(panel.id)
    });
    palette?.addItem({ command: SHOW, category: trans.__('TensorFlow Sessions') });
  }
};

export default panelPlugin;

import * as path from 'path';

import { Kernel } from './kernel';
import type { Lab } from './lab';
import { widen } from './looks';

const PROJECT = path.resolve(__dirname, '../../..');

/** The tour, as `make lab` opens it, beside the panel. Its cells are named by their ids. */
export class Tour {
  private constructor(private readonly lab: Lab) {}

  /** Open the page that `make lab` opens, and show the panel. */
  static async open(lab: Lab): Promise<Tour> {
    await lab.page.goto(`${process.env.TFSESS_START}?reset`);
    await lab.ready();
    await lab.show();
    return new Tour(lab);
  }

  /** The kernel that JupyterLab has started for it. */
  kernel(): Promise<Kernel> {
    return Kernel.of('tour.ipynb');
  }

  /** Run the cells from one to another to their ends, and say whether all went well. */
  async run(first: string, last = first): Promise<boolean> {
    await this.lab.page.evaluate(
      ids => {
        const { content } = window.jupyterapp.shell.currentWidget;
        const [from, to] = ids.map(id => content.widgets.findIndex(cell => cell.model.id === id));
        content.deselectAll();
        content.activeCellIndex = from;
        content.extendContiguousSelectionTo(to);
      },
      [first, last]
    );
    return this.lab.execute<boolean>('notebook:run-cell');
  }

  /** Take the picture of the panel beside a cell, if $PICTURE says where to write it. */
  async takePicture(id: string): Promise<void> {
    if (!process.env.PICTURE) {
      return;
    }
    const { page } = this.lab;
    await widen(this.lab, 340);
    await page.evaluate(wanted => {
      const { content } = window.jupyterapp.shell.currentWidget;
      content.deselectAll();
      content.widgets.find(cell => cell.model.id === wanted)!.node.scrollIntoView({ block: 'end' });
    }, id);
    const [panel, notebook] = await Promise.all(
      ['#jp-left-stack', '#jp-main-dock-panel'].map(part => page.locator(part).boundingBox())
    );
    await page.screenshot({
      path: path.join(PROJECT, process.env.PICTURE),
      clip: { ...panel!, width: notebook!.x + notebook!.width - panel!.x },
      caret: 'hide'
    });
  }
}

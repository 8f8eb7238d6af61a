import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import { EmptyState } from './components/empty';
import { sessionsIcon } from './icon';

/** The sidebar panel. */
export class SessionsPanel extends ReactWidget {
  constructor(private readonly trans: TranslationBundle) {
    super();
    const name = trans.__('TensorFlow Sessions');
    this.id = 'tfsess-magics-panel';
    this.addClass('tfsess-Panel');
    this.title.icon = sessionsIcon;
    this.title.caption = name;
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', name);
  }

  protected override render(): React.JSX.Element {
    return (
      <>
        <header className="tfsess-Panel-header">
          <h2>{this.trans.__('TensorFlow sessions')}</h2>
        </header>
        <div className="tfsess-Panel-content">
          <EmptyState trans={this.trans} />
        </div>
      </>
    );
  }
}

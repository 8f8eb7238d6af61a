import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import * as React from 'react';

import type { PanelActions, PanelServices } from './components/context';
import { PanelProvider } from './components/context';
import { Sessions } from './components/sessions';
import { Ticker } from './components/ticker';
import { sessionsIcon } from './icon';
import type { SessionsModel } from './model';

/** Milliseconds for which the panel tells of what was done. */
const TELL = 10000;

/** The sidebar panel. */
export class SessionsPanel extends ReactWidget {
  constructor(
    private readonly model: SessionsModel,
    actions: PanelActions,
    trans: TranslationBundle
  ) {
    super();
    const name = trans.__('TensorFlow Sessions');
    this.id = 'tfsess-magics-panel';
    this.addClass('tfsess-Panel');
    this.title.icon = sessionsIcon;
    this.title.caption = name;
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', name);
    this._services = { trans, actions, ticker: new Ticker() };
  }

  /** Tell what an order has led to: in the panel, or where the panel is not seen, in a notification. */
  tell(outcome: string): void {
    if (this.isVisible) {
      this._setOutcome(outcome);
      this._forgetting = setTimeout(() => this._setOutcome(''), TELL);
    } else {
      Notification.success(outcome, { autoClose: TELL });
    }
  }

  /** Tell why an order was not carried out. It stays until it has been seen. */
  complain(error: string): void {
    Notification.error(error, { autoClose: false });
  }

  clear(): void {
    this._setOutcome('');
  }

  override dispose(): void {
    clearTimeout(this._forgetting);
    super.dispose();
  }

  protected override render(): React.JSX.Element {
    return (
      <PanelProvider value={this._services}>
        <Sessions model={this.model} outcome={this._outcome} />
      </PanelProvider>
    );
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._services.ticker.isShown = true;
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._services.ticker.isShown = this.isVisible;
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this._services.ticker.isShown = false;
  }

  protected override onBeforeDetach(message: Message): void {
    this._services.ticker.isShown = false;
    super.onBeforeDetach(message);
  }

  private _setOutcome(outcome: string): void {
    clearTimeout(this._forgetting);
    this._outcome = outcome;
    this.update();
  }

  private readonly _services: PanelServices;
  private _outcome = '';
  private _forgetting: ReturnType<typeof setTimeout> | undefined;
}

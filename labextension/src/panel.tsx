import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import type * as React from 'react';

import type { PanelActions, PanelServices } from './components/context';
import { PanelProvider } from './components/context';
import { createElement } from './components/element';
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
    this.#services = { trans, actions, ticker: new Ticker() };
  }

  /** Tell what an order has led to: in the panel, or where the panel is not seen, in a notification. */
  tell(outcome: string): void {
    if (this.isVisible) {
      this.#setOutcome(outcome);
      this.#forgetting = setTimeout(() => this.#setOutcome(''), TELL);
    } else {
      Notification.success(outcome, { autoClose: TELL });
    }
  }

  /** Tell why an order was not carried out. It remains until the user has seen it. */
  complain(error: string): void {
    Notification.error(error, { autoClose: false });
  }

  /** Say what goes on, where the panel is seen. */
  progress(what: string): void {
    this.#setOutcome(what);
  }

  clear(): void {
    this.#setOutcome('');
  }

  override dispose(): void {
    clearTimeout(this.#forgetting);
    super.dispose();
  }

  protected override render(): React.JSX.Element {
    return (
      <PanelProvider value={this.#services}>
        <Sessions model={this.model} outcome={this.#outcome} />
      </PanelProvider>
    );
  }

  override processMessage(message: Message): void {
    super.processMessage(message);
    this.#services.ticker.isShown = this.isVisible;
  }

  #setOutcome(outcome: string): void {
    clearTimeout(this.#forgetting);
    this.#outcome = outcome;
    this.update();
  }

  readonly #services: PanelServices;
  #outcome = '';
  #forgetting: ReturnType<typeof setTimeout> | undefined;
}

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { SessionDetails, SessionSummary } from '../protocol';
import type { Ticker } from './ticker';

/** The orders that the panel can give. */
export interface PanelActions {
  /** Have every kernel send its sessions anew. */
  refresh(): void;
  /** Ask, then reset a session of a kernel. */
  reset(kernel: string, session: SessionSummary): void;
  /** Ask, then close a session of a kernel. */
  close(kernel: string, session: SessionSummary): void;
  /** Stop the runs of a session of a kernel; cut them if it is stopping already. */
  stop(kernel: string, session: SessionSummary): void;
  /** Ask for a name, then give it to a session of other code. */
  adopt(kernel: string, session: SessionSummary): void;
  /** Ask, then close the sessions that no code seems to need, in every kernel. */
  closeUnused(): void;
  /** Remove the reason why an order to a session was not carried out. */
  dismiss(kernel: string, session: number): void;
  /** Load the extension in a kernel. */
  load(kernel: string): void;
  /** Return the details of a session; rejects with the kernel's message. */
  describe(kernel: string, session: number): Promise<SessionDetails>;
}

/** The services that every component of the panel may use. */
export interface PanelServices {
  readonly trans: TranslationBundle;
  readonly actions: PanelActions;
  readonly ticker: Ticker;
}

const PanelContext = React.createContext<PanelServices | null>(null);

export const PanelProvider = PanelContext.Provider;

/** The services of the panel that a component is in. */
export function usePanel(): PanelServices {
  const services = React.useContext(PanelContext);
  if (!services) {
    throw new Error('outside of a panel');
  }
  return services;
}

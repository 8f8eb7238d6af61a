import type { TranslationBundle } from '@jupyterlab/translation';

import type { SessionsClient } from './client';
import type { PanelActions } from './components/context';
import { askClose, askCloseAll, askReset } from './dialogs';
import { countSessions } from './format';
import type { ConnectedKernels } from './kernels';
import type { SessionsModel } from './model';
import type { SessionDetails, SessionSummary } from './protocol';

/** Where to say what an order has led to. */
export interface Outcomes {
  tell(outcome: string): void;
  complain(error: string): void;
}

/** Orders to kernels, each with the dialog that asks before it and the message that tells of it. */
export class SessionOrders implements PanelActions {
  constructor(
    private readonly model: SessionsModel,
    private readonly kernels: ConnectedKernels,
    private readonly trans: TranslationBundle
  ) {}

  /** Where to say what an order has led to; nowhere before it is set. */
  outcomes: Outcomes | null = null;

  refresh(): void {
    for (const client of this.kernels.clients) {
      const isLive = this.model.kernel(client.kernel.id)?.link === 'live';
      void this._report<unknown>(isLive ? client.request('refresh', {}) : client.discover());
    }
  }

  async reset(kernel: string, session: SessionSummary): Promise<void> {
    if (await askReset(session, this.trans)) {
      await this._order('reset', kernel, session);
    }
  }

  async close(kernel: string, session: SessionSummary): Promise<void> {
    if (await askClose(session, this.trans)) {
      await this._order('close', kernel, session);
    }
  }

  /** Close every session that a kernel has, as far as it lets itself be closed. */
  async closeAll(kernel: string): Promise<void> {
    const { title, sessions } = this.model.kernel(kernel) ?? { title: '', sessions: [] };
    if (sessions.length === 0 || !(await askCloseAll(sessions, title, this.trans))) {
      return;
    }
    const orders = sessions.map(({ id, generation }) => this._client(kernel).request('close', { id, generation }));
    const results = await Promise.allSettled(orders);
    const refused = results.flatMap(result => (result.status === 'rejected' ? [messageOf(result.reason)] : []));
    if (refused.length > 0) {
      this.outcomes?.complain(refused.join('\n'));
    } else {
      this.outcomes?.tell(this.trans.__('closed %1', countSessions(results.length, this.trans)));
    }
  }

  describe(kernel: string, id: number): Promise<SessionDetails> {
    return this._client(kernel).request('describe', { id });
  }

  private async _order(type: 'reset' | 'close', kernel: string, { id, generation }: SessionSummary): Promise<void> {
    const message = await this._report(this._client(kernel).request(type, { id, generation }));
    if (message) {
      this.outcomes?.tell(message);
    }
  }

  private async _report<T>(order: Promise<T>): Promise<T | undefined> {
    try {
      return await order;
    } catch (error) {
      this.outcomes?.complain(messageOf(error));
      return undefined;
    }
  }

  private _client(kernel: string): Pick<SessionsClient, 'request'> {
    const gone = new Error(this.trans.__('The kernel is not connected any more.'));
    return this.kernels.client(kernel) ?? { request: () => Promise.reject(gone) };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

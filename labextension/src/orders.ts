import type { TranslationBundle } from '@jupyterlab/translation';

import type { SessionsClient } from './client';
import type { PanelActions } from './components/context';
import { askClose, askCloseAll, askReset } from './dialogs';
import { countSessions, formatTime } from './format';
import type { ConnectedKernels } from './kernels';
import type { SessionsModel } from './model';
import type { SessionDetails, SessionSummary } from './protocol';

/** Where to say what an order has led to. */
export interface Outcomes {
  /** Whether the user sees the sessions, and what is said at each. */
  readonly isVisible: boolean;
  tell(outcome: string): void;
  complain(error: string): void;
  /** Have done with what was told: another order is given. */
  clear(): void;
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
    const { length } = await this._give('close', kernel, sessions);
    if (length > 0) {
      this.outcomes?.tell(this.trans.__('closed %1', countSessions(length, this.trans)));
    }
  }

  dismiss(kernel: string, session: number): void {
    this.model.setRefusal(kernel, session, null);
  }

  load(kernel: string): void {
    void this._report(this._client(kernel).load());
  }

  describe(kernel: string, id: number): Promise<SessionDetails> {
    return this._client(kernel).request('describe', { id });
  }

  private async _order(type: 'reset' | 'close', kernel: string, session: SessionSummary): Promise<void> {
    const [message] = await this._give(type, kernel, [session]);
    if (message) {
      this.outcomes?.tell(message);
    }
  }

  /** Give sessions an order. Says at each why it was not carried out; returns the messages of those where it was. */
  private async _give(
    type: 'reset' | 'close',
    kernel: string,
    sessions: readonly SessionSummary[]
  ): Promise<readonly string[]> {
    const client = this._client(kernel);
    const done: string[] = [];
    const unseen: string[] = [];
    this.outcomes?.clear();
    const give = async ({ id, generation }: SessionSummary): Promise<void> => {
      this.model.setRefusal(kernel, id, null);
      try {
        done.push(await client.request(type, { id, generation }));
      } catch (error) {
        const message = messageOf(error);
        // What it says may be over when it is read.
        const told = this.trans.__('%1: %2', formatTime(new Date()), message);
        if (!this.model.setRefusal(kernel, id, told) || !this.outcomes?.isVisible) {
          unseen.push(message);
        }
      }
    };
    await Promise.all(sessions.map(give));
    if (unseen.length > 0) {
      this.outcomes?.complain(unseen.join('\n'));
    }
    return done;
  }

  private async _report<T>(order: Promise<T>): Promise<T | undefined> {
    try {
      return await order;
    } catch (error) {
      this.outcomes?.complain(messageOf(error));
      return undefined;
    }
  }

  private _client(kernel: string): Pick<SessionsClient, 'request' | 'load'> {
    const fail = (): Promise<never> =>
      Promise.reject(new Error(this.trans.__('The kernel is not connected any more.')));
    return this.kernels.client(kernel) ?? { request: fail, load: fail };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

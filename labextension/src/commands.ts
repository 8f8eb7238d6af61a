import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import type { SessionsClient } from './client';
import type { PanelActions } from './components/context';
import { askClose, askCloseAll, askReset } from './dialogs';
import { countSessions } from './format';
import type { ConnectedKernels } from './kernels';
import type { SessionsModel } from './model';
import type { SessionDetails, SessionSummary } from './protocol';

export const CommandIDs = {
  show: 'tfsess-magics:show',
  refresh: 'tfsess-magics:refresh',
  reset: 'tfsess-magics:reset',
  close: 'tfsess-magics:close',
  closeAll: 'tfsess-magics:close-all'
} as const;

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
      void this._report(isLive ? client.request('refresh', {}) : client.discover());
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

interface CommandOptions {
  commands: CommandRegistry;
  model: SessionsModel;
  orders: SessionOrders;
  trans: TranslationBundle;
  /** Show the panel. */
  show: () => void;
  /** Id of the kernel of the notebook or console in front. */
  currentKernel: () => string | undefined;
}

const NO_ARGUMENTS = { args: { type: 'object', properties: {} } };
const SESSION_ARGUMENTS = {
  args: {
    type: 'object',
    properties: {
      kernel: { type: 'string', description: 'Id of the kernel' },
      session: { type: 'integer', description: 'Number of the session in that kernel' }
    },
    required: ['kernel', 'session']
  }
};

/** Add the commands. */
export function addCommands({ commands, model, orders, trans, show, currentKernel }: CommandOptions): void {
  const find = (args: ReadonlyPartialJSONObject): [string, SessionSummary] => {
    const kernel = String(args['kernel']);
    const found = model.kernel(kernel)?.sessions.find(session => session.id === args['session']);
    if (!found) {
      throw new Error(trans.__('no session %1 in kernel %2', String(args['session']), kernel));
    }
    return [kernel, found];
  };
  commands.addCommand(CommandIDs.show, {
    label: trans.__('Show TensorFlow Sessions'),
    describedBy: NO_ARGUMENTS,
    execute: show
  });
  commands.addCommand(CommandIDs.refresh, {
    label: trans.__('Refresh TensorFlow Sessions'),
    describedBy: NO_ARGUMENTS,
    execute: () => orders.refresh()
  });
  commands.addCommand(CommandIDs.closeAll, {
    label: trans.__('Close All TensorFlow Sessions of the Current Kernel…'),
    describedBy: NO_ARGUMENTS,
    isEnabled: () => (model.kernel(currentKernel() ?? '')?.sessions.length ?? 0) > 0,
    execute: () => orders.closeAll(currentKernel() ?? '')
  });
  commands.addCommand(CommandIDs.reset, {
    label: trans.__('Reset TensorFlow Session…'),
    describedBy: SESSION_ARGUMENTS,
    execute: args => orders.reset(...find(args))
  });
  commands.addCommand(CommandIDs.close, {
    label: trans.__('Close TensorFlow Session…'),
    describedBy: SESSION_ARGUMENTS,
    execute: args => orders.close(...find(args))
  });
}

import type { TranslationBundle } from '@jupyterlab/translation';

import type { SessionsClient } from './client';
import type { PanelActions } from './components/context';
import type { Ending } from './dialogs';
import { askClose, askCloseAll, askCloseOther, askCloseUnused, askName, askReset, askUnbind } from './dialogs';
import { countSessions, formatNumber, formatTime } from './format';
import type { ConnectedKernels } from './kernels';
import { isOfOthers } from './kind';
import type { SessionsModel } from './model';
import type { SessionDetails, SessionSummary } from './protocol';

/** The place for the outcomes of orders. */
export interface Outcomes {
  /** True while the user sees the sessions, and what is said at each. */
  readonly isVisible: boolean;
  /** Say what goes on, until something else is told or it is cleared. */
  progress(what: string): void;
  tell(outcome: string): void;
  complain(error: string): void;
  /** Remove what was told: the user gives another order. */
  clear(): void;
}

type Client = Pick<SessionsClient, 'request' | 'load'>;
type GiveOrder = (client: Client, order: { id: number; generation: number }) => Promise<string>;

const close: GiveOrder = (client, order) => client.request('close', { ...order, save_to: '' });

/** Milliseconds to wait for more facts for a question. */
const PATIENCE = 1000;

/** Milliseconds after which the panel says that values are being saved. */
const LONG = 1000;

/** Orders to kernels, each with the dialog that asks before it and the message that tells of it. */
export class SessionOrders implements PanelActions {
  constructor(
    private readonly model: SessionsModel,
    private readonly kernels: ConnectedKernels,
    private readonly trans: TranslationBundle
  ) {}

  /** The place for the outcomes of orders; null before it is set. */
  outcomes: Outcomes | null = null;

  refresh(): void {
    for (const client of this.kernels.clients) {
      const isLive = this.model.kernel(client.kernel.id)?.link === 'live';
      void this.#report<unknown>(isLive ? client.request('refresh', {}) : client.discover());
    }
  }

  async reset(kernel: string, session: SessionSummary): Promise<void> {
    const ending =
      session.kind === 'eager'
        ? await this.#askUnbind(kernel, session, this.trans.__('Reset'))
        : await askReset(session, this.trans);
    await this.#end('reset', kernel, session, ending);
  }

  async close(kernel: string, session: SessionSummary): Promise<void> {
    const ending =
      session.kind === 'eager'
        ? await this.#askUnbind(kernel, session, this.trans.__('Close'))
        : isOfOthers(session)
          ? await askCloseOther(session, await this.#detail(kernel, session.id, 'held_by'), this.trans)
          : await askClose(session, this.trans);
    await this.#end('close', kernel, session, ending);
  }

  /**
   * Stop the runs of a session, or its next one. That asks nothing, since the stop keeps its variables. While it is
   * stopping, cut the run that this waits for.
   */
  async stop(kernel: string, session: SessionSummary): Promise<void> {
    const now = session.is_stopping;
    await this.#order(kernel, session, (client, order) => client.request('stop', { ...order, now }));
  }

  async adopt(kernel: string, session: SessionSummary): Promise<void> {
    const name = await askName(session, this.trans);
    if (name !== null) {
      await this.#order(kernel, session, (client, order) => client.request('adopt', { ...order, name }));
    }
  }

  /** Close the sessions that no code seems to need: those that the question named, and that still are so then. */
  async closeUnused(): Promise<void> {
    const asked = this.model.unused();
    const named = asked.flatMap(({ sessions }) => sessions);
    if (named.length === 0 || !(await askCloseUnused(named, this.trans))) {
      return;
    }
    const closed = await Promise.all(
      asked.map(({ kernel, sessions }) => {
        const still = this.model.unused().find(now => now.kernel === kernel)?.sessions ?? [];
        const meant = still.filter(({ id }) => sessions.some(session => session.id === id));
        return this.#give(kernel, meant, close);
      })
    );
    const { length } = closed.flat();
    this.outcomes?.tell(
      length === named.length
        ? this.trans.__('closed %1', countSessions(length, this.trans))
        : this.trans.__(
            'closed %1 of %2; the rest is in use again, or gone',
            formatNumber(length),
            countSessions(named.length, this.trans)
          )
    );
  }

  /** Close every session that a kernel has under a name, as far as it lets itself be closed. */
  async closeAll(kernel: string): Promise<void> {
    const { title } = this.model.kernel(kernel) ?? { title: '' };
    const sessions = this.model.named(kernel);
    if (sessions.length === 0 || !(await askCloseAll(sessions, title, this.trans))) {
      return;
    }
    const { length } = await this.#give(kernel, sessions, close);
    if (length > 0) {
      this.outcomes?.tell(this.trans.__('closed %1', countSessions(length, this.trans)));
    }
  }

  dismiss(kernel: string, session: number): void {
    this.model.setRefusal(kernel, session, null);
  }

  load(kernel: string): void {
    void this.#report(this.#client(kernel).load());
  }

  describe(kernel: string, id: number): Promise<SessionDetails> {
    return this.#client(kernel).request('describe', { id });
  }

  async #askUnbind(kernel: string, session: SessionSummary, label: string): Promise<Ending | null> {
    return askUnbind(session, label, await this.#detail(kernel, session.id, 'names'), this.trans);
  }

  /** A part of a session's details, null if the kernel does not say it soon enough to wait for it with a question. */
  #detail(kernel: string, id: number, part: 'held_by' | 'names'): Promise<readonly string[] | null> {
    return new Promise(resolve => {
      const timer = setTimeout(() => resolve(null), PATIENCE);
      this.describe(kernel, id)
        .then(
          details => resolve(details[part]),
          () => resolve(null)
        )
        .finally(() => clearTimeout(timer));
    });
  }

  /** Give the order to end a session, if it is meant. The kernel saves first, and ends nothing where that fails. */
  async #end(type: 'reset' | 'close', kernel: string, session: SessionSummary, ending: Ending | null): Promise<void> {
    if (!ending) {
      return;
    }
    const give: GiveOrder = (client, order) => client.request(type, { ...order, save_to: ending.saveTo });
    if (!ending.saveTo) {
      await this.#order(kernel, session, give);
      return;
    }
    const what = this.trans.__('saving the variables of %1 to %2', session.name, ending.saveTo);
    const saying = setTimeout(() => this.outcomes?.progress(what), LONG);
    const isDone = await this.#order(kernel, session, give);
    clearTimeout(saying);
    if (!isDone) {
      this.outcomes?.clear();
    }
  }

  /** Give a session an order, and tell what the kernel says; returns whether it was carried out. */
  async #order(kernel: string, session: SessionSummary, give: GiveOrder): Promise<boolean> {
    const [message] = await this.#give(kernel, [session], give);
    if (message) {
      this.outcomes?.tell(message);
    }
    return message !== undefined;
  }

  /** Give sessions an order. Says at each why it was not carried out; returns the messages of those where it was. */
  async #give(kernel: string, sessions: readonly SessionSummary[], give: GiveOrder): Promise<readonly string[]> {
    const client = this.#client(kernel);
    const done: string[] = [];
    const unseen: string[] = [];
    this.outcomes?.clear();
    const giveOne = async ({ id, generation }: SessionSummary): Promise<void> => {
      this.model.setRefusal(kernel, id, null);
      try {
        done.push(await give(client, { id, generation }));
      } catch (error) {
        const message = messageOf(error);
        // The message may be out of date when the user reads it.
        const told = this.trans.__('%1: %2', formatTime(new Date()), message);
        if (!this.model.setRefusal(kernel, id, told) || !this.outcomes?.isVisible) {
          unseen.push(message);
        }
      }
    };
    await Promise.all(sessions.map(giveOne));
    if (unseen.length > 0) {
      this.outcomes?.complain(unseen.join('\n'));
    }
    return done;
  }

  async #report<T>(order: Promise<T>): Promise<T | undefined> {
    try {
      return await order;
    } catch (error) {
      this.outcomes?.complain(messageOf(error));
      return undefined;
    }
  }

  #client(kernel: string): Client {
    const fail = (): Promise<never> => Promise.reject(new Error(this.trans.__('The kernel is not connected.')));
    return this.kernels.client(kernel) ?? { request: fail, load: fail };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

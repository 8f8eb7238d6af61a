import { CommandRegistry } from '@lumino/commands';

import { SessionsClient } from '../src/client';
import { addCommands } from '../src/commands';
import type { ConnectedKernels } from '../src/kernels';
import { SessionsModel } from '../src/model';
import type { Outcomes } from '../src/orders';
import { SessionOrders } from '../src/orders';
import type { SessionSummary } from '../src/protocol';
import { snapshot, trans } from './examples';
import { FakeKernel, settle } from './fake-kernel';

/** The commands, with a kernel to order from, and what the user is told. */
export class Ordering {
  /** Connect to a kernel that has these sessions. */
  static async of(...sessions: SessionSummary[]): Promise<Ordering> {
    const ordering = new Ordering();
    await settle();
    ordering.kernel.say(snapshot(sessions));
    return ordering;
  }

  private constructor() {
    this.model.setFacts('k1', { title: 'digits.ipynb', spec: 'Python 3', status: 'idle' });
    this.client = new SessionsClient(this.kernel.connection, this.model, trans);
    const kernels = { client: () => this.client, clients: [this.client] } as unknown as ConnectedKernels;
    this.orders = new SessionOrders(this.model, kernels, trans);
    this.orders.outcomes = this.outcomes;
    addCommands({
      commands: this.commands,
      model: this.model,
      orders: this.orders,
      trans,
      show: () => this.told.push('shown'),
      currentKernel: () => 'k1'
    });
  }

  readonly kernel = new FakeKernel();
  readonly model = new SessionsModel();
  readonly client: SessionsClient;
  readonly commands = new CommandRegistry();
  readonly orders: SessionOrders;
  readonly told: string[] = [];
  readonly complaints: string[] = [];
  readonly outcomes: { -readonly [K in keyof Outcomes]: Outcomes[K] } = {
    isVisible: true,
    progress: what => this.told.splice(0, Infinity, what),
    tell: outcome => this.told.push(outcome),
    complain: error => this.complaints.push(error),
    clear: () => this.told.splice(0)
  };

  /** What is said at the sessions, by their numbers, each after the time of day. */
  refusals(): [number, string][] {
    return [...this.model.kernel('k1')!.refusals].map(([session, told]) => {
      const [, message] = told.match(/^\d\d:\d\d(?: [AP]M)?: (.*)$/)!;
      return [session, message];
    });
  }

  /** Wait for the dialog, check what it says, and press a button of it. */
  async answer(button: string, ...says: string[]): Promise<void> {
    const dialog = await this.question();
    says.forEach(text => expect(dialog.textContent).toContain(text));
    [...dialog.querySelectorAll('button')].find(({ textContent }) => textContent === button)!.click();
    await until(() => !dialog.isConnected);
  }

  /** Wait for the dialog, whose title comes last. */
  async question(): Promise<HTMLElement> {
    await until(() => document.querySelector('.jp-Dialog-header')?.textContent);
    return document.querySelector<HTMLElement>('.jp-Dialog')!;
  }

  dispose(): void {
    this.client.dispose();
  }
}

/** Let the event loop turn until something is so, and at least once. */
export async function until(isSo: () => unknown): Promise<void> {
  do {
    await new Promise(resolve => setTimeout(resolve, 0));
  } while (!isSo());
}

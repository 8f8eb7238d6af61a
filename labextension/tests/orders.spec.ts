import { CommandRegistry } from '@lumino/commands';

import { SessionsClient } from '../src/client';
import { addCommands, CommandIDs } from '../src/commands';
import type { ConnectedKernels } from '../src/kernels';
import { SessionsModel } from '../src/model';
import { SessionOrders } from '../src/orders';
import { session, snapshot, trans } from './examples';
import { FakeKernel, settle } from './fake-kernel';

describe('orders and their commands', () => {
  let kernel: FakeKernel;
  let client: SessionsClient;
  let model: SessionsModel;
  let commands: CommandRegistry;
  let told: string[];
  let complaints: string[];

  const one = { kernel: 'k1', session: 1 };

  beforeEach(async () => {
    model = new SessionsModel();
    model.setFacts('k1', { title: 'digits.ipynb', spec: 'Python 3', status: 'idle' });
    kernel = new FakeKernel();
    client = new SessionsClient(kernel.connection, model, trans);
    await settle();
    kernel.say(
      snapshot([session(1, { generation: 3 }), session(2, { variables: 0, variables_nbytes: 0, operations: 0 })])
    );
    const kernels = { client: () => client, clients: [client] } as unknown as ConnectedKernels;
    const orders = new SessionOrders(model, kernels, trans);
    [told, complaints] = [[], []];
    orders.outcomes = { tell: outcome => told.push(outcome), complain: error => complaints.push(error) };
    commands = new CommandRegistry();
    addCommands({ commands, model, orders, trans, show: () => told.push('shown'), currentKernel: () => 'k1' });
  });

  afterEach(() => client.dispose());

  /** Wait for the dialog, check what it says, and press a button of it. */
  async function answer(button: string, ...says: string[]): Promise<void> {
    await ticks();
    const dialog = document.querySelector<HTMLElement>('.jp-Dialog')!;
    says.forEach(text => expect(dialog.textContent).toContain(text));
    [...dialog.querySelectorAll('button')].find(({ textContent }) => textContent === button)!.click();
    await ticks();
  }

  it('reset asks first, saying what is lost, orders the generation that was shown, and tells what the kernel says', async () => {
    const done = commands.execute(CommandIDs.reset, one);
    await answer('Reset', 'Reset s1?', '44 variables (21.4 MiB)', '312 operations', 'its graph is empty then');
    expect(kernel.orders).toEqual([{ type: 'reset', request: 1, id: 1, generation: 3 }]);
    kernel.say({ type: 'done', request: 1, message: 'reset s1: its graph is empty now', details: null });
    await done;
    expect(told).toEqual(['reset s1: its graph is empty now']);
  });

  it('nothing is ordered when the dialog is cancelled, which is what Enter does', async () => {
    const done = commands.execute(CommandIDs.close, one);
    await ticks();
    expect(document.activeElement?.textContent).toBe('Cancel');
    await answer('Cancel', 'Close s1?');
    await done;
    expect(kernel.orders).toEqual([]);
    expect([told, complaints]).toEqual([[], []]);
  });

  it('the message of a kernel that refuses is not lost', async () => {
    const done = commands.execute(CommandIDs.close, one);
    await answer('Close');
    kernel.say({ type: 'refused', request: 1, code: 'SessionInUseError', message: 'cell 5 is running in it' });
    await done;
    expect([told, complaints]).toEqual([[], ['cell 5 is running in it']]);
  });

  it('closing a session that holds nothing says so', async () => {
    const done = commands.execute(CommandIDs.close, { kernel: 'k1', session: 2 });
    await answer('Cancel', 'Nothing is lost');
    await done;
  });

  it('closing all asks once, naming all, and tells of each that is refused', async () => {
    const done = commands.execute(CommandIDs.closeAll);
    await answer('Close All', 'digits.ipynb', '2 sessions: s1, s2', '44 variables (21.4 MiB)');
    expect(kernel.orders.map(({ type, id }) => [type, id])).toEqual([
      ['close', 1],
      ['close', 2]
    ]);
    kernel.say({ type: 'refused', request: 1, code: 'SessionInUseError', message: 's1 is in use' });
    kernel.say({ type: 'done', request: 2, message: 'closed s2', details: null });
    await done;
    expect(complaints).toEqual(['s1 is in use']);
  });

  it('closing all is not to be had while the kernel in front has no sessions', () => {
    expect(commands.isEnabled(CommandIDs.closeAll)).toBe(true);
    kernel.say(snapshot([], { revision: 9 }));
    expect(commands.isEnabled(CommandIDs.closeAll)).toBe(false);
  });

  it('refresh orders a snapshot of a kernel that is connected, and asks one that is not', async () => {
    await commands.execute(CommandIDs.refresh);
    expect(kernel.orders).toEqual([{ type: 'refresh', request: 1 }]);
    kernel.say({ type: 'done', request: 1, message: '', details: null });
    kernel.unload();
    await commands.execute(CommandIDs.refresh);
    expect(kernel.of('comm_info_request')).toHaveLength(2);
  });

  it('an order for a session that is not there is an error that says which', async () => {
    await expect(commands.execute(CommandIDs.reset, { kernel: 'k1', session: 9 })).rejects.toThrow(
      'no session 9 in kernel k1'
    );
  });
});

/** Let dialogs and orders happen, which takes some turns of the event loop. */
async function ticks(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    await new Promise(resolve => setTimeout(resolve, 0));
  }
}

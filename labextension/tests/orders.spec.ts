import { CommandRegistry } from '@lumino/commands';

import { SessionsClient } from '../src/client';
import { addCommands, CommandIDs } from '../src/commands';
import type { ConnectedKernels } from '../src/kernels';
import { SessionsModel } from '../src/model';
import type { Outcomes } from '../src/orders';
import { SessionOrders } from '../src/orders';
import { session, snapshot, trans } from './examples';
import { FakeKernel, settle } from './fake-kernel';

describe('orders and their commands', () => {
  let kernel: FakeKernel;
  let client: SessionsClient;
  let model: SessionsModel;
  let commands: CommandRegistry;
  let orders: SessionOrders;
  let outcomes: { -readonly [K in keyof Outcomes]: Outcomes[K] };
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
    orders = new SessionOrders(model, kernels, trans);
    [told, complaints] = [[], []];
    outcomes = {
      isVisible: true,
      tell: outcome => told.push(outcome),
      complain: error => complaints.push(error),
      clear: () => (told = [])
    };
    orders.outcomes = outcomes;
    commands = new CommandRegistry();
    addCommands({ commands, model, orders, trans, show: () => told.push('shown'), currentKernel: () => 'k1' });
  });

  afterEach(() => client.dispose());

  /** What is said at the sessions, by their numbers, each after the time of day. */
  function refusals(): [number, string][] {
    return [...model.kernel('k1')!.refusals].map(([session, told]) => {
      const [, message] = told.match(/^\d\d:\d\d(?: [AP]M)?: (.*)$/)!;
      return [session, message];
    });
  }

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

  /** Order the first session to be closed, and have the kernel refuse it. */
  async function refuse(request: number, message: string): Promise<void> {
    const done = commands.execute(CommandIDs.close, one);
    await answer('Close');
    kernel.say({ type: 'refused', request, code: 'SessionInUseError', message });
    await done;
  }

  it('the message of a kernel that refuses is said at the session, until it is dismissed', async () => {
    await refuse(1, 'cell 5 is running in it');
    expect(refusals()).toEqual([[1, 'cell 5 is running in it']]);
    expect([told, complaints]).toEqual([[], []]);
    orders.dismiss('k1', 1);
    expect(refusals()).toEqual([]);
  });

  it('another order to the session ends what was said of the one before, and what was told', async () => {
    await refuse(1, 'cell 5 is running in it');
    outcomes.tell('reset s2');
    const done = commands.execute(CommandIDs.close, one);
    await answer('Close');
    expect([refusals(), told]).toEqual([[], []]);
    kernel.say({ type: 'done', request: 2, message: 'closed s1', details: null });
    await done;
    expect([refusals(), told]).toEqual([[], ['closed s1']]);
  });

  it('a refusal that no row shows, or that nobody sees there, is not lost', async () => {
    outcomes.isVisible = false;
    await refuse(1, 'cell 5 is running in it');
    outcomes.isVisible = true;
    const done = commands.execute(CommandIDs.close, one);
    await answer('Close');
    kernel.say({ type: 'closed', revision: 8, id: 1 });
    kernel.say({ type: 'refused', request: 2, code: 'SessionNotFoundError', message: 'no session is number 1' });
    await done;
    expect(complaints).toEqual(['cell 5 is running in it', 'no session is number 1']);
  });

  it('loads the extension as a cell would, and says what the kernel says when that fails', async () => {
    orders.load('k1');
    expect(kernel.executed.map(({ code }) => code)).toEqual(['%load_ext tfsess_magics']);
    kernel.executed[0].answer({ status: 'error', ename: 'ModuleNotFoundError', evalue: 'No module', traceback: [] });
    await ticks();
    expect(complaints).toEqual(['ModuleNotFoundError: No module']);
  });

  it('closing a session that holds nothing says so', async () => {
    const done = commands.execute(CommandIDs.close, { kernel: 'k1', session: 2 });
    await answer('Cancel', 'Nothing is lost');
    await done;
  });

  it('closing all asks once, naming all, and says at each that is refused why, and tells how many are closed', async () => {
    const done = commands.execute(CommandIDs.closeAll);
    await answer('Close All', 'digits.ipynb', '2 sessions: s1, s2', '44 variables (21.4 MiB)');
    expect(kernel.orders.map(({ type, id }) => [type, id])).toEqual([
      ['close', 1],
      ['close', 2]
    ]);
    kernel.say({ type: 'refused', request: 1, code: 'SessionInUseError', message: 's1 is in use' });
    kernel.say({ type: 'done', request: 2, message: 'closed s2', details: null });
    await done;
    expect(refusals()).toEqual([[1, 's1 is in use']]);
    expect([told, complaints]).toEqual([['closed 1 session'], []]);
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

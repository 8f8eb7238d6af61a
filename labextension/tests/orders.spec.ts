import { CommandIDs } from '../src/commands';
import { session, snapshot } from './examples';
import { Ordering, until } from './ordering';

describe('orders and their commands', () => {
  let at: Ordering;

  const one = { kernel: 'k1', session: 1 };

  beforeEach(async () => {
    at = await Ordering.of(
      session(1, { generation: 3 }),
      session(2, { variables: 0, variables_nbytes: 0, operations: 0 })
    );
  });

  afterEach(() => at.dispose());

  it('reset asks first, saying what is lost, orders the generation that was shown, and tells what the kernel says', async () => {
    const done = at.commands.execute(CommandIDs.reset, one);
    await at.answer('Reset', 'Reset s1?', '44 variables (21.4 MiB)', '312 operations', 'its graph is empty then');
    expect(at.kernel.orders).toEqual([{ type: 'reset', request: 1, id: 1, generation: 3, save_to: '' }]);
    at.kernel.say({ type: 'done', request: 1, message: 'reset s1: its graph is empty now', details: null });
    await done;
    expect(at.told).toEqual(['reset s1: its graph is empty now']);
  });

  it('close of a session on a server says that its variables live on there', async () => {
    const target = 'grpc://a:2222';
    at.kernel.say({
      type: 'changed',
      revision: 8,
      session: session(1, { generation: 3, target, variables_nbytes: null })
    });
    const done = at.commands.execute(CommandIDs.close, one);
    const dialog = await at.question();
    expect(dialog.querySelector('.tfsess-TextInput > div')?.textContent).toBe(
      'What is lost: no variables and 312 operations.\nThe server keeps its variables: 44 variables.'
    );
    await at.answer('Cancel');
    await done;
  });

  it('nothing is ordered when the dialog is cancelled, which is what Enter does', async () => {
    const done = at.commands.execute(CommandIDs.close, one);
    await at.question();
    expect(document.activeElement?.textContent).toBe('Cancel');
    await at.answer('Cancel', 'Close s1?');
    await done;
    expect(at.kernel.orders).toEqual([]);
    expect([at.told, at.complaints]).toEqual([[], []]);
  });

  /** Order the first session to be closed, and have the kernel refuse it. */
  async function refuse(request: number, message: string): Promise<void> {
    const done = at.commands.execute(CommandIDs.close, one);
    await at.answer('Close');
    at.kernel.say({ type: 'refused', request, code: 'SessionInUseError', message });
    await done;
  }

  it('the message of a kernel that refuses is said at the session, until it is dismissed', async () => {
    await refuse(1, 'cell 5 is running in it');
    expect(at.refusals()).toEqual([[1, 'cell 5 is running in it']]);
    expect([at.told, at.complaints]).toEqual([[], []]);
    at.orders.dismiss('k1', 1);
    expect(at.refusals()).toEqual([]);
  });

  it('another order to the session ends what was said of the one before, and what was told', async () => {
    await refuse(1, 'cell 5 is running in it');
    at.outcomes.tell('reset s2');
    const done = at.commands.execute(CommandIDs.close, one);
    await at.answer('Close');
    expect([at.refusals(), at.told]).toEqual([[], []]);
    at.kernel.say({ type: 'done', request: 2, message: 'closed s1', details: null });
    await done;
    expect([at.refusals(), at.told]).toEqual([[], ['closed s1']]);
  });

  it('a refusal that no row shows, or that nobody sees there, is not lost', async () => {
    at.outcomes.isVisible = false;
    await refuse(1, 'cell 5 is running in it');
    at.outcomes.isVisible = true;
    const done = at.commands.execute(CommandIDs.close, one);
    await at.answer('Close');
    at.kernel.say({ type: 'closed', revision: 8, id: 1 });
    at.kernel.say({ type: 'refused', request: 2, code: 'SessionNotFoundError', message: 'no session is number 1' });
    await done;
    expect(at.complaints).toEqual(['cell 5 is running in it', 'no session is number 1']);
  });

  it('loads the extension as a cell would, and says what the kernel says when that fails', async () => {
    at.orders.load('k1');
    expect(at.kernel.executed.map(({ code }) => code)).toEqual(['%load_ext tfsess_magics']);
    at.kernel.executed[0].answer({ status: 'error', ename: 'ModuleNotFoundError', evalue: 'No module', traceback: [] });
    await until(() => at.complaints.length);
    expect(at.complaints).toEqual(['ModuleNotFoundError: No module']);
  });

  it('closing a session that holds nothing says so', async () => {
    const done = at.commands.execute(CommandIDs.close, { kernel: 'k1', session: 2 });
    await at.answer('Cancel', 'Nothing is lost');
    await done;
  });

  it('closing all asks once, naming all, and says at each that is refused why, and tells how many are closed', async () => {
    const done = at.commands.execute(CommandIDs.closeAll);
    await at.answer('Close All', 'digits.ipynb', '2 sessions: s1, s2', '44 variables (21.4 MiB)');
    expect(at.kernel.orders.map(({ type, id }) => [type, id])).toEqual([
      ['close', 1],
      ['close', 2]
    ]);
    at.kernel.say({ type: 'refused', request: 1, code: 'SessionInUseError', message: 's1 is in use' });
    at.kernel.say({ type: 'done', request: 2, message: 'closed s2', details: null });
    await done;
    expect(at.refusals()).toEqual([[1, 's1 is in use']]);
    expect([at.told, at.complaints]).toEqual([['closed 1 session'], []]);
  });

  it('closing all is not to be had while the kernel in front has no sessions', () => {
    expect(at.commands.isEnabled(CommandIDs.closeAll)).toBe(true);
    at.kernel.say(snapshot([], { revision: 9 }));
    expect(at.commands.isEnabled(CommandIDs.closeAll)).toBe(false);
  });

  it('refresh orders a snapshot of a kernel that is connected, and asks one that is not', async () => {
    await at.commands.execute(CommandIDs.refresh);
    expect(at.kernel.orders).toEqual([{ type: 'refresh', request: 1 }]);
    at.kernel.say({ type: 'done', request: 1, message: '', details: null });
    at.kernel.unload();
    await at.commands.execute(CommandIDs.refresh);
    expect(at.kernel.of('comm_info_request')).toHaveLength(2);
  });

  it('an order for a session that is not there is an error that says which', async () => {
    await expect(at.commands.execute(CommandIDs.reset, { kernel: 'k1', session: 9 })).rejects.toThrow(
      'no session 9 in kernel k1'
    );
  });
});

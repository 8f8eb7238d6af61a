import { CommandIDs } from '../src/commands';
import type { SessionSummary } from '../src/protocol';
import { eager, other, session } from './examples';
import { Ordering, until } from './ordering';

const one = { kernel: 'k1', session: 1 };
const ENDS = [
  ['reset', 'Reset'],
  ['close', 'Close']
] as const;

describe('saving before a reset or a close', () => {
  let at: Ordering;

  async function connect(listed: SessionSummary): Promise<void> {
    at = await Ordering.of(listed);
  }

  afterEach(() => at.dispose());

  async function typePath(path: string): Promise<HTMLInputElement> {
    const field = (await at.question()).querySelector('input')!;
    field.value = path;
    field.focus();
    return field;
  }

  function press(key: string, field: HTMLInputElement): void {
    field.dispatchEvent(new KeyboardEvent('keydown', { key, keyCode: 13, bubbles: true, cancelable: true }));
  }

  it.each(ENDS)('%s orders to save to the path that was typed, and tells what the kernel says', async (type, label) => {
    await connect(session(1));
    const done = at.commands.execute(CommandIDs[type], one);
    await typePath('  models/s1 ');
    await at.answer(label, `${label} s1?`, 'To save its variables first, type a path');
    expect(at.kernel.orders).toEqual([{ type, request: 1, id: 1, generation: 1, save_to: 'models/s1' }]);
    at.kernel.say({ type: 'done', request: 1, message: 'saved s1\nreset s1', details: null });
    await done;
    expect(at.told).toEqual(['saved s1\nreset s1']);
  });

  it('is offered for a session of other code', async () => {
    await connect(other(1));
    const done = at.commands.execute(CommandIDs.close, one);
    await until(() => at.kernel.orders.length);
    at.kernel.say({ type: 'refused', request: 1, code: 'StaleOrderError', message: 'gone' });
    await typePath('a');
    await at.answer('Close', 'It belongs to other code');
    expect(at.kernel.orders.at(-1)).toEqual({ type: 'close', request: 2, id: 1, generation: 1, save_to: 'a' });
    at.kernel.say({ type: 'done', request: 2, message: 'closed #1', details: null });
    await done;
  });

  it('is offered where it is not known which variables have a value', async () => {
    await connect(session(1, { target: 'grpc://a:2222', variables_nbytes: null }));
    const done = at.commands.execute(CommandIDs.close, one);
    await typePath('a');
    await at.answer('Cancel');
    await done;
    expect(at.kernel.orders).toEqual([]);
  });

  it.each([
    ['without variables', session(1, { variables: 0, variables_nbytes: 0 })],
    ['whose variables have no values', session(1, { variables_nbytes: 0 })],
    ['whose TensorFlow session was closed', session(1, { state: 'closed' })],
    ['that is an eager scope', eager(1)]
  ])('is not offered for a session %s', async (_, listed) => {
    await connect(listed);
    const done = at.commands.execute(CommandIDs.reset, one);
    if (listed.kind === 'eager') {
      await until(() => at.kernel.orders.length);
      at.kernel.say({ type: 'refused', request: 1, code: 'StaleOrderError', message: 'gone' });
    }
    expect((await at.question()).querySelector('input')).toBeNull();
    await at.answer('Cancel');
    await done;
  });

  it('Enter accepts a path that is typed, and cancels where none is', async () => {
    await connect(session(1));
    const cancelled = at.commands.execute(CommandIDs.reset, one);
    press('Enter', await typePath(' '));
    await cancelled;
    expect(at.kernel.orders).toEqual([]);
    const done = at.commands.execute(CommandIDs.reset, one);
    press('Enter', await typePath('a'));
    await until(() => at.kernel.orders.length);
    expect(at.kernel.orders).toEqual([{ type: 'reset', request: 1, id: 1, generation: 1, save_to: 'a' }]);
    at.kernel.say({ type: 'done', request: 1, message: 'reset s1', details: null });
    await done;
  });

  it('the dialog is named by its title and what it says, and Cancel has the focus', async () => {
    await connect(session(1));
    const done = at.commands.execute(CommandIDs.close, one);
    const dialog = await at.question();
    expect(dialog.ariaLabel).toContain('Close s1? What is lost: 44 variables (21.4 MiB)');
    expect(dialog.querySelector('label')?.querySelector('input')).not.toBeNull();
    expect(document.activeElement?.textContent).toBe('Cancel');
    await at.answer('Cancel');
    await done;
  });

  it('after a second says that it goes on, and takes that back where the kernel refuses', async () => {
    await connect(session(1));
    const done = at.commands.execute(CommandIDs.close, one);
    await typePath('a');
    jest.useFakeTimers({ doNotFake: ['queueMicrotask'] });
    const dialog = document.querySelector('.jp-Dialog')!;
    [...dialog.querySelectorAll('button')].find(({ textContent }) => textContent === 'Close')!.click();
    await jest.advanceTimersByTimeAsync(999);
    expect(at.told).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(at.told).toEqual(['saving the variables of s1 to a']);
    jest.useRealTimers();
    at.kernel.say({ type: 'refused', request: 1, code: 'NotSavedError', message: 's1 was not saved to a' });
    await done;
    expect(at.told).toEqual([]);
    expect(at.refusals()).toEqual([[1, 's1 was not saved to a']]);
  });
});

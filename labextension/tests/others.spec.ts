import { CommandIDs } from '../src/commands';
import { CELL, details, other, session } from './examples';
import { settle } from './fake-kernel';
import { Ordering, until } from './ordering';

describe('orders to sessions of other code', () => {
  let at: Ordering;

  const seven = { kernel: 'k1', session: 7 };

  /** Reply to the order that was given last. */
  function reply(message: string, changes: object = {}): void {
    const request = Number(at.kernel.orders.at(-1)!['request']);
    at.kernel.say({ type: 'done', request, message, details: null, ...changes });
  }

  beforeEach(async () => {
    at = await Ordering.of(session(1), other(7), other(8, { is_unused: true }), other(9, { is_unused: true }));
  });

  afterEach(() => at.dispose());

  describe('adopt', () => {
    async function adopt(name: string, ...says: string[]): Promise<void> {
      const done = at.commands.execute(CommandIDs.adopt, seven);
      const dialog = await at.question();
      dialog.querySelector('input')!.value = name;
      await at.answer('Adopt', ...says);
      return done;
    }

    it('asks for a name, saying what it means, and tells what the kernel says', async () => {
      const done = adopt(' model ', 'Adopt #7?', 'prep.io:load prep/io.py:7', 'you cannot reset it', '%%tfsession');
      await until(() => at.kernel.orders.length);
      expect(at.kernel.orders).toEqual([{ type: 'adopt', request: 1, id: 7, generation: 1, name: 'model' }]);
      reply('adopted model');
      await done;
      expect(at.told).toEqual(['adopted model']);
    });

    it('says at the row what the kernel has against a name', async () => {
      const done = adopt('');
      await until(() => at.kernel.orders.length);
      at.kernel.say({ type: 'refused', request: 1, code: 'InvalidNameError', message: 'the name is empty' });
      await done;
      expect([at.refusals(), at.told]).toEqual([[[7, 'the name is empty']], []]);
    });

    it('does nothing when it is cancelled', async () => {
      const done = at.commands.execute(CommandIDs.adopt, seven);
      await at.answer('Cancel');
      await done;
      expect(at.kernel.orders).toEqual([]);
    });
  });

  describe('close', () => {
    it('says whose it is, what will fail and what refers to it', async () => {
      const done = at.commands.execute(CommandIDs.close, seven);
      await settle();
      expect(at.kernel.orders).toEqual([{ type: 'describe', request: 1, id: 7 }]);
      reply('', { details: details({ id: 7, held_by: ["the name 'm' in __main__"] }) });
      await at.answer(
        'Close',
        'Close #7?',
        'It belongs to other code: prep.io:load prep/io.py:7.',
        'Code of prep.io that goes on using it gets “RuntimeError: Attempted to use a closed Session.”',
        "What refers to it: the name 'm' in __main__.",
        'What is lost: 44 variables (21.4 MiB)'
      );
      expect(at.kernel.orders.at(-1)).toEqual({ type: 'close', request: 2, id: 7, generation: 1, save_to: '' });
      reply('closed #7');
      await done;
      expect(at.told).toEqual(['closed #7']);
    });

    it('says that a cell made it, which is not other code', async () => {
      at.dispose();
      at = await Ordering.of(other(7, { origin: CELL }));
      const done = at.commands.execute(CommandIDs.close, seven);
      await settle();
      reply('', { details: details({ id: 7, held_by: ["the name 'sess' in __main__"] }) });
      await at.answer(
        'Cancel',
        'A cell of the notebook made it: cell 4.',
        'A cell that goes on using it gets “RuntimeError: Attempted to use a closed Session.”'
      );
      await done;
    });

    it('says when nothing refers to it', async () => {
      const done = at.commands.execute(CommandIDs.close, seven);
      await settle();
      reply('', { details: details({ id: 7, held_by: [] }) });
      await at.answer('Cancel', 'No variable and no object refers to it.');
      await done;
    });

    it('asks without it when the kernel does not say what refers to it', async () => {
      const done = at.commands.execute(CommandIDs.close, seven);
      await settle();
      at.kernel.say({ type: 'refused', request: 1, code: 'StaleOrderError', message: 'gone' });
      await at.answer('Cancel', 'It belongs to other code');
      await done;
      expect(at.complaints).toEqual([]);
    });

    it('does not wait for that long', async () => {
      jest.useFakeTimers();
      const done = at.commands.execute(CommandIDs.close, seven);
      await jest.advanceTimersByTimeAsync(1000);
      jest.useRealTimers();
      await at.answer('Cancel', 'It belongs to other code');
      await done;
    });
  });

  describe('close unused', () => {
    it('names what would go and who made it, closes each, and tells how many', async () => {
      const done = at.commands.execute(CommandIDs.closeUnused);
      await at.answer(
        'Close',
        'Close 2 unused sessions?',
        '#8, made by prep.io:load prep/io.py:7',
        '#9, made by prep.io:load prep/io.py:7',
        '88 variables (42.8 MiB)'
      );
      expect(at.kernel.orders.map(({ type, id }) => [type, id])).toEqual([
        ['close', 8],
        ['close', 9]
      ]);
      at.kernel.say({ type: 'done', request: 1, message: 'closed #8', details: null });
      at.kernel.say({ type: 'done', request: 2, message: 'closed #9', details: null });
      await done;
      expect(at.told).toEqual(['closed 2 sessions']);
    });

    it('leaves alone what was used while the question stood, and what it did not name', async () => {
      const done = at.commands.execute(CommandIDs.closeUnused);
      await at.question();
      at.kernel.say({ type: 'changed', revision: 8, session: other(8, { runs: 2000 }) });
      at.kernel.say({ type: 'changed', revision: 9, session: other(7, { is_unused: true }) });
      await at.answer('Close');
      expect(at.kernel.orders.map(({ id }) => id)).toEqual([9]);
      reply('closed #9');
      await done;
      expect(at.told).toEqual(['closed 1 of 2 sessions; the rest is in use again, or gone']);
    });

    it('does nothing when it is cancelled, and is not to be had while none is marked', async () => {
      const done = at.commands.execute(CommandIDs.closeUnused);
      await at.answer('Cancel');
      await done;
      expect(at.kernel.orders).toEqual([]);
      expect(at.commands.isEnabled(CommandIDs.closeUnused)).toBe(true);
      [8, 9].forEach(id => at.kernel.say({ type: 'closed', revision: id, id }));
      expect(at.commands.isEnabled(CommandIDs.closeUnused)).toBe(false);
    });
  });

  describe('close all', () => {
    it('leaves sessions without a name alone, and says which belong to other code', async () => {
      at.kernel.say({ type: 'changed', revision: 8, session: other(7, { kind: 'adopted', name: 'model' }) });
      const done = at.commands.execute(CommandIDs.closeAll);
      await at.answer('Close All', '2 sessions: s1, model.', 'Other code that goes on using model will fail.');
      expect(at.kernel.orders.map(({ id }) => id)).toEqual([1, 7]);
      at.kernel.say({ type: 'done', request: 1, message: 'closed s1', details: null });
      at.kernel.say({ type: 'done', request: 2, message: 'closed model', details: null });
      await done;
      expect(at.told).toEqual(['closed 2 sessions']);
    });
  });
});

import { CommandIDs } from '../src/commands';
import { details, eager } from './examples';
import { settle } from './fake-kernel';
import { Ordering } from './ordering';

describe('orders to an eager scope', () => {
  const one = { kernel: 'k1', session: 1 };

  it.each([
    ['reset', 'Reset'],
    ['close', 'Close']
  ] as const)('%s names in its question what is unbound', async (type, label) => {
    const at = await Ordering.of(eager(1));
    const done = at.commands.execute(CommandIDs[type], one);
    await settle();
    at.kernel.say({ type: 'done', request: 1, message: '', details: details({ names: ['model', 'opt'] }) });
    await at.answer(
      label,
      `${label} s1?`,
      `${label} removes these names from the notebook: model, opt.`,
      '44 variables (21.4 MiB)'
    );
    expect(at.kernel.orders.at(-1)).toEqual({ type, request: 2, id: 1, generation: 1, save_to: '' });
    at.kernel.say({ type: 'done', request: 2, message: 'dropped model, opt', details: null });
    await done;
    expect(at.told).toEqual(['dropped model, opt']);
    at.dispose();
  });
});

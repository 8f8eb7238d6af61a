import * as React from 'react';

import { CommandIDs } from '../src/commands';
import { Row } from '../src/components/row';
import type { SessionSummary } from '../src/protocol';
import { details, eager, outside, session } from './examples';
import { Ordering, ticks } from './ordering';
import { Rendered } from './render';

describe('the row of an eager scope', () => {
  let page: Rendered;

  const show = (shown: SessionSummary): void => page.show(<Row kernel="k1" session={shown} clockAhead={0} />);
  const actions = (): (string | null)[] =>
    [...page.node.querySelectorAll('.tfsess-Row-actions button')].map(button => button.getAttribute('aria-label'));

  beforeEach(() => {
    jest.useFakeTimers();
    page = new Rendered();
  });

  afterEach(() => {
    page.dispose();
    jest.useRealTimers();
  });

  it('tells of variables instead of a graph, and can be reset and closed', () => {
    show(eager(1, { state: 'entered' }));
    expect(page.find('.tfsess-Row-facts').textContent).toBe('in a cell · eager · CPU:0 · 44 variables');
    expect(actions()).toEqual(['Reset s1', 'Close s1']);
  });

  it('has nothing to order where it is what ordinary cells hold', () => {
    show(outside(1));
    expect(page.find('.tfsess-Row-facts').textContent).toBe('eager · CPU:0 · 44 variables');
    expect(actions()).toEqual([]);
  });

  it('opens to its names and to what was made in it', async () => {
    show(eager(1));
    page.click('.tfsess-Row-toggle');
    const made = [{ name: 'model', type: 'Sequential', variables: 4, nbytes: 1024 }];
    await page.actions.answer({ names: ['model', 'opt'], objects: made, last_run: null, devices: [] });
    const facts = [...page.node.querySelectorAll('dt')].map(term => [
      term.textContent,
      term.nextElementSibling?.textContent
    ]);
    expect(facts).toEqual([
      ['made by', 'cell 4'],
      ['generation', '1'],
      ['names', 'model, opt'],
      ['made', 'model: Sequential, 4 variables, 1.0 KiB']
    ]);
  });
});

describe('orders to an eager scope', () => {
  const one = { kernel: 'k1', session: 1 };

  it.each([
    ['reset', 'Reset'],
    ['close', 'Close']
  ] as const)('%s names in its question what is unbound', async (type, label) => {
    const at = await Ordering.of(eager(1));
    const done = at.commands.execute(CommandIDs[type], one);
    await ticks();
    at.kernel.say({ type: 'done', request: 1, message: '', details: details({ names: ['model', 'opt'] }) });
    await at.answer(label, `${label} s1?`, 'Names that will be unbound: model, opt.', '44 variables (21.4 MiB)');
    expect(at.kernel.orders.at(-1)).toEqual({ type, request: 2, id: 1, generation: 1 });
    at.kernel.say({ type: 'done', request: 2, message: 'dropped model, opt', details: null });
    await done;
    expect(at.told).toEqual(['dropped model, opt']);
    at.dispose();
  });
});

describe('stop', () => {
  let page: Rendered;

  beforeEach(() => {
    page = new Rendered();
  });

  afterEach(() => page.dispose());

  it.each([
    ['running', true],
    ['entered', true],
    ['idle', false]
  ])('is there in the state %s: %s', (state, isThere) => {
    page.show(<Row kernel="k1" session={session(1, { state })} clockAhead={0} />);
    const stop = page.node.querySelector<HTMLButtonElement>('[aria-label="Stop s1"]');
    expect(stop !== null).toBe(isThere);
    stop?.click();
    expect(page.actions.noted).toEqual(isThere ? ['stop k1 1 1'] : []);
  });

  it('asks nothing, and tells what was kept', async () => {
    const at = await Ordering.of(session(1, { state: 'running', generation: 3 }));
    const done = at.commands.execute(CommandIDs.stop, { kernel: 'k1', session: 1 });
    await ticks();
    expect(at.kernel.orders).toEqual([{ type: 'stop', request: 1, id: 1, generation: 3 }]);
    at.kernel.say({ type: 'done', request: 1, message: 'stopped s1', details: null });
    await done;
    expect(at.told).toEqual(['stopped s1']);
    at.dispose();
  });
});

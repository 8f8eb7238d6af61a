import { act } from 'react';

import { CommandIDs } from '../src/commands';
import { createElement } from '../src/components/element';
import { Row } from '../src/components/row';
import type { SessionSummary } from '../src/protocol';
import { session } from './examples';
import { settle } from './fake-kernel';
import { Ordering } from './ordering';
import { Rendered } from './render';

describe('the button that stops', () => {
  let page: Rendered;

  const show = (changes: Partial<SessionSummary>): void =>
    page.show(<Row kernel="k1" session={session(1, changes)} clockAhead={0} />);
  const labels = (): (string | null)[] =>
    [...page.node.querySelectorAll('.tfsess-Row-actions button')].map(button => button.getAttribute('aria-label'));

  beforeEach(() => {
    page = new Rendered();
  });

  afterEach(() => page.dispose());

  it.each([
    ['running', true],
    ['entered', true],
    ['idle', false]
  ])('is there in the state %s: %s', (state, isThere) => {
    show({ state });
    expect(labels()).toEqual(isThere ? ['Stop s1', 'Reset s1', 'Close s1'] : ['Reset s1', 'Close s1']);
    page.node.querySelector<HTMLButtonElement>('[aria-label="Stop s1"]')?.click();
    expect(page.actions.noted).toEqual(isThere ? ['stop k1 1 1'] : []);
  });

  it('reads "Stop now" while an order to stop waits, given by any page, says what it does, and cuts', () => {
    show({ state: 'running', is_stopping: true });
    const button = page.find('[aria-label="Stop s1 now"]');
    expect(button.textContent).toBe('Stop now');
    expect(button.title).toBe('Stop s1 now: ends its run at once');
    expect(labels()).toEqual(['Stop s1 now', 'Reset s1', 'Close s1']);
    expect(page.find('.tfsess-Row-state').textContent).toBe('stopping');
    page.click('[aria-label="Stop s1 now"]');
    expect(page.actions.noted).toEqual(['stop k1 1 1 now']);
    show({ state: 'running' });
    expect(labels()).toEqual(['Stop s1', 'Reset s1', 'Close s1']);
    expect(page.find('.tfsess-Row-state').textContent).toBe('running');
  });

  it('keeps the focus when it changes its words', () => {
    show({ state: 'running' });
    page.find('[aria-label="Stop s1"]').focus();
    show({ state: 'running', is_stopping: true });
    expect(document.activeElement).toBe(page.find('[aria-label="Stop s1 now"]'));
    show({ state: 'entered' });
    expect(document.activeElement).toBe(page.find('[aria-label="Stop s1"]'));
  });

  it('takes a double click for one: its second click cuts nothing', () => {
    const clickAgain = (detail: number): void =>
      act(() => void page.find('.tfsess-Action').dispatchEvent(new MouseEvent('click', { bubbles: true, detail })));
    show({ state: 'running' });
    clickAgain(1);
    show({ state: 'running', is_stopping: true });
    clickAgain(2);
    expect(page.actions.noted).toEqual(['stop k1 1 1']);
    clickAgain(1);
    expect(page.actions.noted).toEqual(['stop k1 1 1', 'stop k1 1 1 now']);
  });
});

describe('the order to stop', () => {
  const one = { kernel: 'k1', session: 1 };
  let at: Ordering;

  beforeEach(async () => {
    at = await Ordering.of(session(1, { state: 'running', generation: 3 }));
  });

  afterEach(() => at.dispose());

  it('asks nothing, and tells what was kept', async () => {
    const done = at.commands.execute(CommandIDs.stop, one);
    await settle();
    expect(at.kernel.orders).toEqual([{ type: 'stop', request: 1, id: 1, generation: 3, now: false }]);
    at.kernel.say({ type: 'done', request: 1, message: 'stopped s1', details: null });
    await done;
    expect(at.told).toEqual(['stopped s1']);
  });

  it('tells what it waits for, and cuts that when it is given again', async () => {
    expect(at.commands.label(CommandIDs.stop, one)).toBe('Stop TensorFlow Session');
    const stopped = at.commands.execute(CommandIDs.stop, one);
    const stopping = session(1, { state: 'running', generation: 3, is_stopping: true });
    at.kernel.say({ type: 'changed', revision: 8, session: stopping });
    at.kernel.say({ type: 'waiting', request: 1, message: 'a run goes on until it ends' });
    await stopped;
    expect([at.told, at.refusals()]).toEqual([['a run goes on until it ends'], []]);

    expect(at.commands.label(CommandIDs.stop, one)).toBe('Stop TensorFlow Session Now');
    const cut = at.commands.execute(CommandIDs.stop, one);
    await settle();
    expect(at.kernel.orders.at(-1)).toEqual({ type: 'stop', request: 2, id: 1, generation: 3, now: true });
    at.kernel.say({ type: 'done', request: 2, message: 'stopped s1: 1 run', details: null });
    await cut;
    expect(at.told).toEqual(['stopped s1: 1 run']);
  });

  it('has a name also where no session is given', () => {
    expect(at.commands.label(CommandIDs.stop)).toBe('Stop TensorFlow Session');
  });
});

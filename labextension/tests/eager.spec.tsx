import { createElement } from '../src/components/element';
import { Row } from '../src/components/row';
import type { SessionSummary } from '../src/protocol';
import { eager, outside } from './examples';
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
    await page.actions.answer({
      names: ['model', 'opt'],
      objects: made,
      operations: null,
      last_run: null,
      devices: []
    });
    const facts = [...page.node.querySelectorAll('dt')].map(term => [
      term.textContent,
      term.nextElementSibling?.textContent
    ]);
    expect(facts).toEqual([
      ['made by', 'cell 4'],
      ['generation', '1 (each reset adds 1)'],
      ['names', 'model, opt'],
      ['made', 'model: Sequential, 4 variables, 1.0 KiB']
    ]);
  });
});

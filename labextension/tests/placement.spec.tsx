import { act } from 'react';

import { createElement } from '../src/components/element';
import { Sessions } from '../src/components/sessions';
import { SessionsModel } from '../src/model';
import type { SessionSummary, TracedRun } from '../src/protocol';
import { writeOperations, writeTracedRun } from '../src/text';
import { session, snapshot, trans } from './examples';
import { Rendered } from './render';

function traced(changes: Partial<TracedRun>): TracedRun {
  return {
    placement: [],
    cell: null,
    thread: '',
    session: 'train',
    run: 1,
    run_of_cell: null,
    runs_of_cell: null,
    ...changes
  };
}

describe('the placement of a session', () => {
  let page: Rendered;

  function open(changes: Partial<SessionSummary> = {}): void {
    const model = new SessionsModel();
    page = new Rendered();
    page.show(<Sessions model={model} outcome="" />);
    act(() => {
      model.setFacts('k1', { title: 'digits.ipynb', spec: 'Python 3', status: 'idle' });
      model.apply('k1', snapshot([session(1, changes)]), 0);
    });
    page.click('.tfsess-Row-toggle');
  }

  afterEach(() => page.dispose());

  it('says which devices the graph asks for, and where a traced run ran', async () => {
    open();
    await page.actions.answer({
      asked: [
        { device: 'CPU:0', operations: 3, variables: 1 },
        { device: 'CPU:1', operations: 1, variables: 0 }
      ],
      last_trace: traced({ placement: [{ device: 'CPU:0', operations: 4, variables: 1 }], cell: 2 })
    });
    const facts = page.find('.tfsess-Facts').textContent;
    expect(facts).toContain('graph asks forCPU:0: 3 operations, 1 variableCPU:1: 1 operation');
    expect(facts).toContain('ran onCPU:0: 4 operations, 1 variablein cell 2, run 1 of train');
  });

  it('is not spoken of where nothing is asked for and no run was traced', async () => {
    open();
    await page.actions.answer();
    const terms = [...page.node.querySelectorAll('dt')].map(({ textContent }) => textContent);
    expect(terms).toEqual(['made by', 'options', 'generation', 'operations', 'device', 'last run']);
  });

  it.each([
    [null, 'not known yet'],
    [false, 'not known: the server does not answer']
  ])('is not known of a server that answers: %s', async (answers, said) => {
    open({ target: 'grpc://ps:2222', answers, devices: [] });
    await page.actions.answer({ devices: [] });
    expect(page.find('.tfsess-Facts').textContent).toContain(`device${said}`);
  });
});

describe('A run that was traced', () => {
  it.each<[Partial<TracedRun>, string]>([
    [{ run: 1204 }, 'in run 1,204 of train'],
    [{ cell: 7, run_of_cell: 2, runs_of_cell: 3 }, 'in cell 7, run 2 of 3 in that cell'],
    [{ thread: 'filler', run_of_cell: 2 }, "in thread 'filler', run 2 in that cell"]
  ])('is said to be %j', (changes, text) => {
    expect(writeTracedRun(traced(changes), trans)).toBe(text);
  });
});

describe('The operations of a graph', () => {
  it.each([
    [0, { number: 0, by: 'cell 5' }, 'none: the graph is empty'],
    [1204, null, '1,204'],
    [1204, { number: 12, by: 'cell 5' }, '1,204 (12 added by cell 5)'],
    [12, { number: 0, by: 'a with block' }, '12 (none added by a with block)']
  ])('are counted: %d %j', (operations, added, text) => {
    expect(writeOperations(operations, added, trans)).toBe(text);
  });
});

import { act } from 'react';

import { createElement } from '../src/components/element';
import { Sessions } from '../src/components/sessions';
import { SessionsModel } from '../src/model';
import { session, snapshot } from './examples';
import { Rendered } from './render';

describe('the placement of a session', () => {
  let page: Rendered;

  beforeEach(() => {
    const model = new SessionsModel();
    page = new Rendered();
    page.show(<Sessions model={model} outcome="" />);
    act(() => {
      model.setFacts('k1', { title: 'digits.ipynb', spec: 'Python 3', status: 'idle' });
      model.apply('k1', snapshot([session(1)]), 0);
    });
    page.click('.tfsess-Row-toggle');
  });

  afterEach(() => page.dispose());

  it('says which devices the graph asks for, and where a traced run ran', async () => {
    await page.actions.answer({
      asked: ['CPU:0: 3 operations, 1 variable', 'CPU:1: 1 operation'],
      ran_on: ['CPU:0: 4 operations, 1 variable', 'in cell 2, run 1 of train']
    });
    const facts = page.find('.tfsess-Facts').textContent;
    expect(facts).toContain('asked forCPU:0: 3 operations, 1 variableCPU:1: 1 operation');
    expect(facts).toContain('ran onCPU:0: 4 operations, 1 variablein cell 2, run 1 of train');
  });

  it('is not spoken of where nothing is asked for and no run was traced', async () => {
    await page.actions.answer();
    const terms = [...page.node.querySelectorAll('dt')].map(({ textContent }) => textContent);
    expect(terms).toEqual(['made by', 'options', 'generation', 'operations', 'device', 'last run']);
  });
});

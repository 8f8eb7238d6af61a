import { act } from 'react';

import { createElement } from '../src/components/element';
import { Row } from '../src/components/row';
import type { SessionSummary } from '../src/protocol';
import { commonWords, other, session } from './examples';
import { Rendered } from './render';

const NOW = 2000;
const TOGGLE = '.tfsess-Row-toggle';
const DETAILS = '.tfsess-Row-details';

describe('Row', () => {
  let page: Rendered;

  const show = (changes: Partial<SessionSummary> = {}, clockAhead = 0, refusal?: string): void =>
    page.show(<Row kernel="k1" session={session(1, changes)} clockAhead={clockAhead} refusal={refusal} />);

  beforeEach(() => {
    jest.useFakeTimers({ now: NOW * 1000 });
    page = new Rendered();
  });

  afterEach(() => {
    page.dispose();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it('shows name, state, devices, operations, runs and bytes', () => {
    show();
    expect(page.find('.tfsess-Row-name').textContent).toBe('s1');
    expect(page.find('.tfsess-Row-facts').textContent).toBe('idle · CPU:0 · 312 ops · 1,204 runs');
    expect(page.find('.tfsess-Row-bytes').textContent).toBe('21.4 MiB');
  });

  it('says that the graph is empty', () => {
    show({ operations: 0, runs: 1 });
    expect(page.find('.tfsess-Row-facts').textContent).toBe('idle · CPU:0 · empty graph · 1 run');
  });

  it.each([
    ['entered', 'in a cell'],
    ['closed', 'closed by other code, Reset starts it anew'],
    ['paused', 'paused']
  ])('says what the state %s means', (state, text) => {
    show({ state });
    expect(page.find('.tfsess-Row-state').textContent).toBe(text);
  });

  it('counts for how long a run has been going on, by the clock of the kernel', () => {
    show({ state: 'running', running_since: 2088 }, 100);
    expect(page.find('.tfsess-Row-state').textContent).toBe('running 0:12');
    act(() => void jest.advanceTimersByTime(50_000));
    expect(page.find('.tfsess-Row-state').textContent).toBe('running 1:02');
  });

  it('says what a run waits for, and that it cannot be stopped', () => {
    const [mark, said] = commonWords().marks[0];
    show({ state: 'running', running_since: NOW, mark });
    expect(page.find('.tfsess-Row-state').textContent).toBe(`${said} 0:00`);
    expect(page.find('.tfsess-Row').dataset.state).toBe('waiting');
  });

  it('says that the graph grows, also while a run waits', () => {
    const [growth, said] = commonWords().growths[0];
    show({ growth });
    expect(page.find('.tfsess-Row-facts').textContent).toBe(`idle · CPU:0 · 312 ops · 1,204 runs · ${said}`);
    show({ growth, state: 'running', running_since: NOW, mark: { type: 'waits', operations: [], more: 0 } });
    expect(page.find('.tfsess-Row-facts').textContent).toBe(`waiting 0:00 · CPU:0 · 312 ops · 1,204 runs · ${said}`);
  });

  it('has a timer only while something that runs is shown', () => {
    show();
    expect(jest.getTimerCount()).toBe(0);
    show({ state: 'running', running_since: NOW });
    expect(jest.getTimerCount()).toBe(1);
    page.ticker.isShown = false;
    expect(jest.getTimerCount()).toBe(0);
    act(() => (page.ticker.isShown = true));
    expect(jest.getTimerCount()).toBe(1);
    show();
    expect(jest.getTimerCount()).toBe(0);
  });

  describe('of other code', () => {
    const badges = (): (string | null)[] =>
      [...page.node.querySelectorAll('.tfsess-Row-badge')].map(badge => badge.textContent);
    const facts = (): string | null => page.find('.tfsess-Row-facts').textContent;

    it('says who made it, where, and whether it is a default session', () => {
      show(other(7, { is_default: true, operations: 96, runs: 12 }));
      expect(page.find('.tfsess-Row-name').textContent).toBe('#7');
      expect(badges()).toEqual(['prep.io']);
      expect(page.find('.tfsess-Row-badge').title).toBe('made by prep.io:load prep/io.py:7');
      expect(facts()).toBe('observed · prep/io.py:7 · default session of a thread · CPU:0 · 96 ops · 12 runs');
    });

    it('says that one is running', () => {
      show(other(7, { state: 'running', running_since: NOW - 12 }));
      expect(facts()).toBe('running 0:12 · observed · prep/io.py:7 · CPU:0 · 312 ops · 1,204 runs');
    });

    it('says that one looks unused', () => {
      show(other(7, { is_unused: true }));
      expect(badges()).toEqual(['unused?', 'prep.io']);
    });

    it('can be adopted and closed, not reset, and once it is adopted only closed', () => {
      show(other(7));
      const labels = (): (string | null)[] =>
        [...page.node.querySelectorAll('.tfsess-Row-actions button')].map(button => button.getAttribute('aria-label'));
      expect(labels()).toEqual(['Adopt #7', 'Close #7']);
      page.click('[aria-label="Adopt #7"]');
      expect(page.actions.noted).toEqual(['adopt k1 7 1']);
      show(other(7, { kind: 'adopted', name: 'model' }));
      expect(labels()).toEqual(['Close model']);
      expect(facts()).toBe('idle · adopted · CPU:0 · 312 ops · 1,204 runs');
    });

    it('does not promise a reset when its maker has closed it', () => {
      show(other(7, { kind: 'adopted', state: 'closed' }));
      expect(page.find('.tfsess-Row-state').textContent).toBe('closed by other code, Close gives up its name');
    });

    it.each([
      [["the name 'm' in __main__", 'a frame of load'], "the name 'm' in __main__a frame of load"],
      [[], 'no variable and no object']
    ])('says what refers to it when it is opened', async (held_by, text) => {
      show(other(7, { target: 'grpc://ps:2222' }));
      page.click(TOGGLE);
      await page.actions.answer({ id: 7, held_by, devices: [], operations: null, last_run: null });
      const terms = [...page.node.querySelectorAll('dt')];
      expect(terms.map(term => [term.textContent, term.nextElementSibling?.textContent])).toEqual([
        ['made by', 'prep.io:load prep/io.py:7'],
        ['observed', 'other code made this session and owns it; adopt gives it a name'],
        ['referred to by', text],
        ['target', 'grpc://ps:2222'],
        ['device', 'not known yet']
      ]);
      page.click(TOGGLE);
    });
  });

  it('shows the server of a session in the place of devices', () => {
    show({ target: 'grpc://ps:2222', devices: [] });
    expect(page.find('.tfsess-Row-facts').textContent).toBe('idle · grpc://ps:2222 · 312 ops · 1,204 runs');
  });

  it('shows the cell that made a session beside its name', () => {
    show();
    expect(page.find('.tfsess-Row-badge').textContent).toBe('cell 4');
  });

  it('shows a name as text, whatever is in it', () => {
    show({ name: '<img src=x onerror=alert(1)>' });
    expect(page.node.querySelector('img')).toBeNull();
    expect(page.find('.tfsess-Row-name').textContent).toBe('<img src=x onerror=alert(1)>');
  });

  it('has buttons that are labelled with the name and order the generation that is shown', () => {
    show({ generation: 3 });
    page.click('[aria-label="Reset s1"]');
    page.click('[aria-label="Close s1"]');
    expect(page.actions.noted).toEqual(['reset k1 1 3', 'close k1 1 3']);
  });

  it('says at once why an order was refused, and gives the focus to the row when that is dismissed', () => {
    show();
    expect(page.node.querySelector('[role="alert"]')).toBeNull();
    show({}, 0, "cannot close 's1': cell 9 is running in it.");
    expect(page.find('[role="alert"]').textContent).toBe("cannot close 's1': cell 9 is running in it.");
    page.click('[aria-label="Dismiss"]');
    expect(page.actions.noted).toEqual(['dismiss k1 1']);
    expect(document.activeElement).toBe(page.find(TOGGLE));
  });

  it('asks for the details when it is opened, and shows them', async () => {
    show();
    expect(page.actions.noted).toEqual([]);
    page.click(TOGGLE);
    expect(page.find(TOGGLE).getAttribute('aria-expanded')).toBe('true');
    expect(page.find(TOGGLE).getAttribute('aria-controls')).toBe(page.find(DETAILS).id);
    expect(page.actions.noted).toEqual(['describe k1 1']);
    await page.actions.answer({
      generation: 1,
      last_error: 'FailedPreconditionError: Could not find variable v.',
      devices: [
        { name: 'CPU:0', type: 'CPU', memory_limit: null, variables_nbytes: 1024 },
        { name: 'GPU:0', type: 'GPU', memory_limit: 25339494400, variables_nbytes: 0 }
      ]
    });
    const facts = [...page.node.querySelectorAll('dt')].map(term => [
      term.textContent,
      term.nextElementSibling?.textContent
    ]);
    expect(facts).toEqual([
      ['made by', 'cell 4'],
      ['options', '--threads 2'],
      ['generation', '1 (each reset adds 1)'],
      ['operations', '312 (12 added by cell 5)'],
      ['devices', 'CPU:0 · 1.0 KiBGPU:0 · up to 23.6 GiB'],
      ['last run', '31 ms · peak 96.0 MiB on CPU'],
      ['last error', 'FailedPreconditionError: Could not find variable v.']
    ]);
    page.click(TOGGLE);
    expect(page.node.querySelector(DETAILS)).toBeNull();
  });

  it('shows nothing of the generation before a reset, and asks at once', async () => {
    show();
    page.click(TOGGLE);
    await page.actions.answer({ generation: 1, last_error: 'ValueError: of the old graph' });
    expect(page.node.textContent).toContain('of the old graph');
    show({ generation: 2 });
    expect(page.node.textContent).not.toContain('of the old graph');
    expect(page.actions.noted).toEqual(['describe k1 1', 'describe k1 1']);
    await page.actions.answer({ generation: 2, last_error: 'ValueError: of the new graph' });
    expect(page.node.textContent).toContain('of the new graph');
  });

  it('lists the variables with shape, type, device, bytes and whether they are initialized, and how many more', async () => {
    show();
    page.click(TOGGLE);
    const variable = { dtype: 'float32', device: '' };
    await page.actions.answer({
      variables: [
        { ...variable, name: 'a', shape: [20000, 1024], nbytes: 81920000, initialized: true, device: 'CPU:0' },
        { ...variable, name: 'b', shape: [null, 3], nbytes: null, initialized: null },
        { ...variable, name: 'c', shape: null, nbytes: null, initialized: false },
        { ...variable, name: 'd', shape: [], nbytes: 4, initialized: true }
      ],
      more_variables: 41,
      more_variables_nbytes: 10380902
    });
    const lines = [...page.node.querySelectorAll('tbody tr')].map(line =>
      [...line.querySelectorAll('td')].map(cell => cell.textContent)
    );
    expect(lines).toEqual([
      ['a (20000, 1024) float32 CPU:0', '78.1 MiB'],
      ['b (None, 3) float32 not known whether initialized', '?'],
      ['c <unknown> float32 not initialized', '?'],
      ['d () float32', '4 B'],
      ['and 41 more', '9.9 MiB']
    ]);
  });

  it('asks again when the session has changed, one question at a time', async () => {
    show();
    page.click(TOGGLE);
    show({ runs: 2 });
    show({ runs: 3 });
    expect(page.actions.questions).toHaveLength(1);
    await page.actions.answer();
    act(() => void jest.advanceTimersByTime(1000));
    expect(page.actions.questions).toHaveLength(2);
    await page.actions.answer();
    act(() => void jest.advanceTimersByTime(5000));
    expect(page.actions.questions).toHaveLength(2);
  });

  it('shows why there are no details', async () => {
    show();
    page.click(TOGGLE);
    await act(async () => page.actions.questions[0].fail(new Error('no session is number 1')));
    expect(page.find(DETAILS).textContent).toBe('no session is number 1');
    act(() => void jest.advanceTimersByTime(1000));
  });

  it('lets go of a question whose answer nobody waits for', async () => {
    show();
    page.click(TOGGLE);
    page.click(TOGGLE);
    await page.actions.answer();
    expect(page.node.querySelector(DETAILS)).toBeNull();
  });
});

import { act } from 'react';

import { createElement } from '../src/components/element';
import { Sessions } from '../src/components/sessions';
import { SessionsModel } from '../src/model';
import type { SessionSummary } from '../src/protocol';
import { other, session, snapshot } from './examples';
import { Rendered } from './render';

const FACTS = { title: 'digits.ipynb', spec: 'Python 3', status: 'busy' };

describe('Sessions', () => {
  let page: Rendered;
  let model: SessionsModel;

  const change = (apply: () => void): void => act(apply);
  const toggles = (): HTMLElement[] => [...page.node.querySelectorAll<HTMLElement>('.tfsess-Row-toggle')];

  beforeEach(() => {
    model = new SessionsModel();
    page = new Rendered();
    page.show(<Sessions model={model} outcome="" />);
  });

  afterEach(() => page.dispose());

  it('says how to begin while there is no kernel', () => {
    expect(page.find('.tfsess-Empty').textContent).toContain('%load_ext tfsess_magics');
    expect(page.node.querySelector('.tfsess-Panel-footer')).toBeNull();
  });

  it('says how to load the extension in a kernel that has it not', () => {
    change(() => {
      model.setFacts('k1', FACTS);
      model.setLink('k1', 'absent');
    });
    expect(page.find('.tfsess-Hint').textContent).toBe(
      'The extension is not loaded here. Load it with: %load_ext tfsess_magics'
    );
    page.click('.tfsess-Hint button');
    expect(page.actions.noted).toEqual(['load k1']);
  });

  it('says at the row why an order to its session was refused, and at no other', () => {
    change(() => {
      model.setFacts('k1', FACTS);
      model.apply('k1', snapshot([session(1), session(2)]), 0);
      model.setRefusal('k1', 2, 'it is in use');
    });
    const alerts = [...page.node.querySelectorAll('[role="alert"]')];
    expect(alerts.map(alert => alert.textContent)).toEqual(['it is in use']);
    expect(alerts[0].closest('.tfsess-Row')).toBe(page.node.querySelectorAll('.tfsess-Row')[1]);
  });

  it('says how to start a session in a kernel that has none', () => {
    change(() => {
      model.setFacts('k1', FACTS);
      model.apply('k1', snapshot([]), 0);
    });
    expect(page.find('.tfsess-Hint').textContent).toBe('No sessions yet. Start one with: %%tfsession NAME');
  });

  it('groups sessions by kernel, under its name and state, and adds up what they hold', () => {
    change(() => {
      model.setFacts('k1', FACTS);
      model.setFacts('k2', { title: 'serve.ipynb', spec: 'Python 3', status: 'autorestarting' });
      model.apply('k1', snapshot([session(1), session(2)]), 0);
      model.apply('k2', snapshot([session(1)]), 0);
    });
    const heads = [...page.node.querySelectorAll('.tfsess-Group-head')].map(head => head.textContent);
    expect(heads).toEqual(['digits.ipynbPython 3 · busy', 'serve.ipynbPython 3 · restarting']);
    expect(page.node.querySelectorAll('section[aria-labelledby] > ul')).toHaveLength(2);
    expect(page.find('.tfsess-Panel-footer').textContent).toBe('3 sessions · 64.2 MiB in variables');
  });

  it('draws one row anew when one session among a thousand has changed', () => {
    change(() => {
      model.setFacts('k1', FACTS);
      model.apply('k1', snapshot(Array.from({ length: 1000 }, (_, index) => session(index))), 0);
    });
    const touched = new Set<Node | null>();
    const observer = new MutationObserver(() => {});
    observer.observe(page.node, { subtree: true, childList: true, characterData: true, attributes: true });
    change(() => void model.apply('k1', { type: 'changed', revision: 8, session: session(500, { runs: 7 }) }, 0));
    for (const { target } of observer.takeRecords()) {
      touched.add((target instanceof Element ? target : target.parentElement)!.closest('.tfsess-Row'));
    }
    observer.disconnect();
    expect([...touched]).toEqual([page.node.querySelectorAll('.tfsess-Row')[500]]);
  });

  it('moves with the arrow keys, opens with right and shuts with left', () => {
    change(() => {
      model.setFacts('k1', FACTS);
      model.apply('k1', snapshot([session(1), session(2)]), 0);
    });
    const [first, second] = toggles();
    first.focus();
    page.press('.tfsess-Row-toggle', 'ArrowDown');
    expect(document.activeElement).toBe(second);
    page.press('.tfsess-Row:nth-child(2) .tfsess-Row-toggle', 'ArrowUp');
    expect(document.activeElement).toBe(first);
    page.press('.tfsess-Row-toggle', 'ArrowRight');
    page.press('.tfsess-Row-toggle', 'ArrowRight');
    expect(first.getAttribute('aria-expanded')).toBe('true');
    page.press('.tfsess-Row-toggle', 'ArrowLeft');
    expect(first.getAttribute('aria-expanded')).toBe('false');
  });

  it('tells the outcome of an order in a place that screen readers watch', () => {
    expect(page.find('[role="status"]').textContent).toBe('');
    page.show(<Sessions model={model} outcome="closed prep" />);
    expect(page.find('[role="status"]').textContent).toBe('closed prep');
  });

  it('refreshes when it is told to', () => {
    page.click('[aria-label="Refresh"]');
    expect(page.actions.noted).toEqual(['refresh']);
  });

  describe('filter', () => {
    const names = (): (string | null)[] =>
      [...page.node.querySelectorAll('.tfsess-Row-name')].map(name => name.textContent);
    const list = (...sessions: SessionSummary[]): void =>
      change(() => {
        model.setFacts('k1', FACTS);
        model.apply('k1', snapshot(sessions), 0);
      });
    const TEXT = 'input[type="search"]';

    it('is there when there is a choice', () => {
      list(session(1));
      expect(page.node.querySelector(TEXT)).toBeNull();
      list(session(1), other(2));
      expect(page.find(TEXT).getAttribute('aria-label')).toBe('Filter by name, module or device');
      expect(page.find('select').getAttribute('aria-label')).toBe('Whose sessions');
      expect(page.find('select').title).toContain('opened by %%tfsession, the API or a cell');
    });

    it('lists what matches, under its kernel, and counts it', () => {
      list(session(1), other(2), other(3));
      change(() => {
        model.setFacts('k2', { title: 'serve.ipynb', spec: 'Python 3', status: 'idle' });
        model.apply('k2', snapshot([session(1)]), 0);
      });
      page.enter('select', 'others');
      expect(names()).toEqual(['#2', '#3']);
      expect([...page.node.querySelectorAll('h3')].map(head => head.textContent)).toEqual(['digits.ipynb']);
      expect(page.find('.tfsess-Panel-footer').textContent).toBe('2 of 4 sessions · 42.8 MiB in variables');
      page.enter(TEXT, '#3');
      expect(names()).toEqual(['#3']);
      page.press(TEXT, 'Escape');
      expect(names()).toEqual(['#2', '#3']);
    });

    it('follows what changes', () => {
      list(session(1), other(2));
      page.enter('select', 'unused');
      expect(names()).toEqual([]);
      change(() => void model.apply('k1', { type: 'changed', revision: 8, session: other(2, { is_unused: true }) }, 0));
      expect(names()).toEqual(['#2']);
    });

    it('says that nothing matches, and lets go of that with a click', () => {
      list(session(1), session(2));
      page.enter(TEXT, 'nothing');
      expect(names()).toEqual([]);
      expect(page.find('.tfsess-Hint').textContent).toBe('None of the 2 sessions matches. Show all');
      page.click('.tfsess-Hint button');
      expect(names()).toEqual(['s1', 's2']);
      expect((page.find(TEXT) as HTMLInputElement).value).toBe('');
    });

    it('stays while it leaves something out, and says nothing of kernels when there is nothing to leave out', () => {
      list(session(1), session(2));
      page.enter(TEXT, 's2');
      list(session(1));
      expect(page.find('.tfsess-Hint').textContent).toContain('The one session does not match.');
      list();
      expect(page.find('.tfsess-Hint').textContent).toContain('No sessions yet.');
      expect(page.node.querySelector(TEXT)).not.toBeNull();
    });
  });

  it('offers to close unused sessions while there are any', () => {
    const list = (is_unused: boolean): void =>
      change(() => {
        model.setFacts('k1', FACTS);
        model.apply('k1', snapshot([other(1, { is_unused })]), 0);
      });
    list(false);
    expect(page.node.querySelector('[aria-label="Close unused…"]')).toBeNull();
    list(true);
    page.click('[aria-label="Close unused…"]');
    expect(page.actions.noted).toEqual(['close unused']);
  });

  it('hears nothing of the model once it is gone', () => {
    page.dispose();
    expect(() => model.setFacts('k1', FACTS)).not.toThrow();
    expect(page.text).toBe('');
    page = new Rendered();
  });
});

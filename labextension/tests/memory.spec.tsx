import { act } from 'react';

import { createElement } from '../src/components/element';
import { Sessions } from '../src/components/sessions';
import { SessionsModel } from '../src/model';
import type { DeviceMemory } from '../src/protocol';
import { memory, session, snapshot } from './examples';
import { Rendered } from './render';

const FACTS = { title: 'digits.ipynb', spec: 'Python 3', status: 'idle' };

describe('the memory of a kernel', () => {
  let page: Rendered;
  let model: SessionsModel;

  const show = (changes: Partial<DeviceMemory> = {}): void =>
    act(() => {
      model.setFacts('k1', FACTS);
      model.apply('k1', snapshot([session(1)], { memory: memory(changes) }), 0);
    });
  const about = (): string | null => page.find('.tfsess-Memory-about').textContent;
  const device = (): HTMLElement => page.find('.tfsess-Memory-device');
  const widths = (): string[] =>
    [...page.node.querySelectorAll<HTMLElement>('.tfsess-Memory-bar > span')].map(({ style }) => style.width);

  beforeEach(() => {
    model = new SessionsModel();
    page = new Rendered();
    page.show(<Sessions model={model} outcome="" />);
  });

  afterEach(() => page.dispose());

  it('is a bar for each device, against its peak where it has no limit', () => {
    show();
    expect(device().textContent).toMatch(/^CPU261\.0 MiB/);
    expect(about()).toBe('variables 168.0 MiB · other 93.0 MiB · peak 344.0 MiB');
    expect(widths().map(width => Math.round(parseFloat(width)))).toEqual([49, 27]);
    expect(page.find('.tfsess-Memory').textContent).toContain(
      'process 1.4 GiB · TensorFlow keeps 83.0 MiB or more of it free for reuse'
    );
  });

  it('tells of variables that are too small to be in what is in use', () => {
    show({ uncounted: 2 ** 20 });
    expect(about()).toBe(
      'variables 168.0 MiB · 1.0 MiB of it too small to be counted · other 93.0 MiB · peak 344.0 MiB'
    );
  });

  it('is drawn against the limit of a GPU, and tells of other processes', () => {
    show({ name: 'GPU:0', model: 'NVIDIA L4', limit: 2 ** 30, total: 2 ** 31, elsewhere: 2 ** 29 });
    expect(device().textContent).toMatch(/^GPU:0 NVIDIA L4261\.0 MiB of 1\.0 GiB/);
    expect(parseFloat(widths()[0])).toBeCloseTo((100 * 176160768) / 2 ** 30);
    expect(about()).toBe(
      'variables 168.0 MiB · other 93.0 MiB · peak 344.0 MiB · other processes 512.0 MiB of 2.0 GiB'
    );
  });

  it('says that it is not available, and why', () => {
    show({ in_use: null, peak: null, other: null, unavailable: 'counts only with oneDNN' });
    expect(device().textContent).toMatch(/^CPUnot available/);
    expect(about()).toBe('variables 168.0 MiB · counts only with oneDNN');
    show({ name: 'GPU:0', elsewhere_unavailable: 'nvidia-ml-py is not installed' });
    expect(about()).toContain('· other processes not available: nvidia-ml-py is not installed');
    show({ in_use: null, unavailable: 'not asked yet', elsewhere_unavailable: 'nvidia-ml-py is not installed' });
    expect(about()).toContain('· not asked yet · other processes not available: nvidia-ml-py is not installed');
  });

  it('is told of runs where a row is open', async () => {
    show();
    page.click('.tfsess-Row-toggle');
    const run = {
      started: 4400,
      duration: 0.045,
      error: null,
      device: 'CPU',
      peak: 201326592,
      is_shared: true,
      unavailable: ''
    };
    await page.actions.answer({ last_run: { ...run, peak: 0 }, largest_run: run });
    expect(page.find('.tfsess-Facts').textContent).toContain('last run45 ms · no allocation of 256 KiB or more');
    expect(page.find('.tfsess-Facts').textContent).toContain(
      'largest run45 ms · peak 192.0 MiB on CPU · shared with other runs'
    );
  });

  it('says of a run that was not measured why', async () => {
    show();
    page.click('.tfsess-Row-toggle');
    const run = { started: 4400, duration: 0.045, error: null, device: '', peak: 0, is_shared: false };
    await page.actions.answer({ last_run: { ...run, unavailable: 'counts only with oneDNN' } });
    expect(page.find('.tfsess-Facts').textContent).toContain(
      'last run45 ms · peak not available: counts only with oneDNN'
    );
  });

  it('says that it is not known what a session on a server holds that was not asked yet', () => {
    show();
    const unasked = session(2, { target: 'grpc://a:2222', variables: 2, variables_nbytes: null });
    act(() => {
      model.apply('k1', { type: 'changed', revision: 8, session: unasked }, 0);
    });
    const shown = [...page.node.querySelectorAll('.tfsess-Row-bytes')].map(({ textContent }) => textContent);
    expect(shown).toEqual(['21.4 MiB', 'not known']);
    expect(page.find('.tfsess-Panel-footer').textContent).toBe('2 sessions · 21.4 MiB or more in variables');
  });

  it('follows the kernel, and is not there before it has told', () => {
    act(() => {
      model.setFacts('k1', FACTS);
      model.apply('k1', snapshot([session(1)]), 0);
    });
    expect(page.node.querySelector('.tfsess-Memory')).toBeNull();
    act(() => {
      model.apply('k1', { type: 'memory', revision: 8, memory: memory({ in_use: 2 ** 20 }), samples: [] }, 0);
    });
    expect(device().textContent).toContain('1.0 MiB');
  });

  it('draws what a session held once it has changed, and the latest of it', () => {
    show();
    expect(page.node.querySelector('.tfsess-Sparkline')).toBeNull();
    for (let revision = 8; revision < 48; revision++) {
      const samples = [{ id: 1, at: revision, nbytes: 1024 * revision }];
      act(() => {
        model.apply('k1', { type: 'memory', revision, memory: memory(), samples }, 0);
      });
    }
    expect(page.find('.tfsess-Sparkline polyline').getAttribute('points')).not.toContain('NaN');
    const samples = model.kernel('k1')!.samples.get(1)!;
    expect([samples.length, samples[0].at, samples.at(-1)!.at]).toEqual([30, 18, 47]);
    act(() => {
      model.apply('k1', { type: 'closed', revision: 48, id: 1 }, 0);
    });
    expect(model.kernel('k1')!.samples.size).toBe(0);
  });
});

import { act } from 'react';

import { SessionsClient } from '../src/client';
import { createElement } from '../src/components/element';
import { Sessions } from '../src/components/sessions';
import { SessionsModel } from '../src/model';
import type { FromKernel } from '../src/protocol';
import { PROTOCOL_VERSION } from '../src/protocol';
import { session, snapshot, trans } from './examples';
import { FakeKernel, settle } from './fake-kernel';
import { Rendered } from './render';

const FACTS = { title: 'digits.ipynb', spec: 'Python 3', status: 'busy' };
const NEWER = PROTOCOL_VERSION + 1;
const OLDER = PROTOCOL_VERSION - 1;

describe('A kernel that speaks another version of the protocol', () => {
  it.each([
    [
      'the panel, which is older',
      NEWER,
      `The panel is older than the tfsess_magics of this kernel (protocol ${NEWER}; the panel has ${PROTOCOL_VERSION}). ` +
        'Upgrade it where the Jupyter server runs, then reload this page: pip install --upgrade tfsess_magics'
    ],
    [
      'the kernel, which is older',
      OLDER,
      `The tfsess_magics of this kernel is older than the panel (protocol ${OLDER}; the panel has ${PROTOCOL_VERSION}). ` +
        'Upgrade it in a cell, then restart the kernel: %pip install --upgrade tfsess_magics'
    ],
    [
      'the kernel, which names no version',
      undefined,
      `The tfsess_magics of this kernel is older than the panel (protocol ?; the panel has ${PROTOCOL_VERSION}). ` +
        'Upgrade it in a cell, then restart the kernel: %pip install --upgrade tfsess_magics'
    ]
  ])('has the panel say how to upgrade %s', (_, version, text) => {
    const model = new SessionsModel();
    const page = new Rendered();
    page.show(<Sessions model={model} outcome="" />);
    act(() => {
      model.setFacts('k1', FACTS);
      model.apply('k1', snapshot([session(1)], { version }), 0);
    });
    expect(page.find('.tfsess-Hint').textContent).toBe(text);
    expect(page.node.querySelector('.tfsess-Row')).toBeNull();
    page.dispose();
  });

  it.each([NEWER, OLDER, undefined])('may send what it likes, and gets no orders: version %s', async version => {
    const complaints = jest.spyOn(console, 'error');
    const model = new SessionsModel();
    model.setFacts('k1', FACTS);
    const kernel = new FakeKernel();
    const client = new SessionsClient(kernel.connection, model, trans);
    await settle();
    const types = ['changed', 'memory', 'closed', 'done', 'waiting', 'refused', 'news'].map(type => ({ type }));
    [{ type: 'snapshot', version }, ...types, { sessions: 3 }, {}, null].forEach(data =>
      kernel.say(data as unknown as FromKernel)
    );
    expect(model.kernel('k1')).toMatchObject({ link: 'mismatch', version: version ?? null, sessions: [] });
    await expect(client.request('close', { id: 1, generation: 1, save_to: 'a' })).rejects.toThrow();
    expect(kernel.orders).toEqual([]);
    expect(complaints).not.toHaveBeenCalled();
    complaints.mockRestore();
    client.dispose();
  });
});

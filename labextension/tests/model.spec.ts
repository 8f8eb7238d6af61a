import type { KernelSessions } from '../src/model';
import { SessionsModel, total } from '../src/model';
import { PROTOCOL_VERSION } from '../src/protocol';
import { session, snapshot } from './examples';

const FACTS = { title: 'digits.ipynb', spec: 'Python 3', status: 'idle' };

describe('SessionsModel', () => {
  let model: SessionsModel;
  let changes: number;

  const kernel = (): KernelSessions => model.kernel('k1')!;
  const names = (): string[] => kernel().sessions.map(({ name }) => name);

  beforeEach(() => {
    model = new SessionsModel();
    model.setFacts('k1', FACTS);
    changes = 0;
    model.changed.connect(() => changes++);
  });

  it('takes the sessions of a snapshot, in the order in which they were made', () => {
    expect(model.apply('k1', snapshot([session(3), session(1)]), 4990)).toBe(true);
    expect(names()).toEqual(['s1', 's3']);
    expect(kernel()).toMatchObject({ link: 'live', revision: 7, clockAhead: 10 });
    expect(changes).toBe(1);
  });

  it('adds a session that is new and replaces one that has changed', () => {
    model.apply('k1', snapshot([session(1)]), 0);
    model.apply('k1', { type: 'changed', revision: 8, session: session(2) }, 0);
    model.apply('k1', { type: 'changed', revision: 9, session: session(1, { name: 'renamed' }) }, 0);
    expect(names()).toEqual(['renamed', 's2']);
  });

  it('keeps the very objects of sessions that have not changed', () => {
    model.apply('k1', snapshot([session(1), session(2)]), 0);
    const before = kernel().sessions;
    model.apply('k1', { type: 'changed', revision: 8, session: session(2, { runs: 5 }) }, 0);
    expect(kernel().sessions).not.toBe(before);
    expect(kernel().sessions[0]).toBe(before[0]);
    expect(kernel().sessions[1]).not.toBe(before[1]);
  });

  it('removes a session that is closed', () => {
    model.apply('k1', snapshot([session(1), session(2)]), 0);
    model.apply('k1', { type: 'closed', revision: 8, id: 1 }, 0);
    expect(names()).toEqual(['s2']);
  });

  it('applies nothing after a gap, and says so', () => {
    model.apply('k1', snapshot([session(1)]), 0);
    expect(model.apply('k1', { type: 'closed', revision: 9, id: 1 }, 0)).toBe(false);
    expect(names()).toEqual(['s1']);
  });

  it('passes over an event that its snapshot contains already', () => {
    model.apply('k1', snapshot([session(1)]), 0);
    expect(model.apply('k1', { type: 'closed', revision: 7, id: 1 }, 0)).toBe(true);
    expect(names()).toEqual(['s1']);
  });

  it('lists nothing of a kernel that speaks another version of the protocol', () => {
    model.apply('k1', snapshot([session(1)], { version: PROTOCOL_VERSION + 1 }), 0);
    expect(kernel()).toMatchObject({ link: 'mismatch', version: PROTOCOL_VERSION + 1, sessions: [] });
    expect(model.apply('k1', { type: 'changed', revision: 8, session: session(2) }, 0)).toBe(true);
    expect(names()).toEqual([]);
  });

  it('forgets the sessions of a kernel that is not live any more', () => {
    model.apply('k1', snapshot([session(1)]), 0);
    model.setLink('k1', 'absent');
    expect(kernel()).toMatchObject({ link: 'absent', sessions: [], revision: 0 });
  });

  it('keeps why an order was refused as long as the session is there, and changes nothing else', () => {
    model.apply('k1', snapshot([session(1), session(2)]), 0);
    const [first] = kernel().sessions;
    expect(model.setRefusal('k1', 1, 'it is in use')).toBe(true);
    expect([...kernel().refusals]).toEqual([[1, 'it is in use']]);
    expect(kernel().sessions[0]).toBe(first);
    expect(model.setRefusal('k1', 9, 'it is in use')).toBe(false);
    expect(model.setRefusal('k2', 1, 'it is in use')).toBe(false);
    model.setRefusal('k1', 1, null);
    expect(kernel().refusals.size).toBe(0);
    changes = 0;
    model.setRefusal('k1', 1, null);
    expect(changes).toBe(0);
  });

  it('forgets why orders were refused with the sessions of the kernel', () => {
    model.apply('k1', snapshot([session(1)]), 0);
    model.setRefusal('k1', 1, 'it is in use');
    model.setLink('k1', 'absent');
    model.apply('k1', snapshot([session(1)]), 0);
    expect(kernel().refusals.size).toBe(0);
  });

  it('keeps the sessions when only the facts of a kernel change', () => {
    model.apply('k1', snapshot([session(1)]), 0);
    const { sessions } = kernel();
    model.setFacts('k1', { ...FACTS, status: 'busy' });
    expect(kernel().status).toBe('busy');
    expect(kernel().sessions).toBe(sessions);
  });

  it('tells of nothing when nothing has changed', () => {
    model.setFacts('k1', { ...FACTS });
    model.setLink('k1', 'asking');
    model.remove('another');
    model.apply('another', snapshot([session(1)]), 0);
    expect(changes).toBe(0);
  });

  it('removes a kernel with its sessions, and leaves the others', () => {
    model.setFacts('k2', FACTS);
    const other = model.kernel('k2');
    model.remove('k1');
    expect(model.kernels).toEqual([other]);
  });
});

describe('total', () => {
  it('adds up variables, bytes and operations', () => {
    const sessions = [
      session(1, { variables: 2, variables_nbytes: 10, operations: 5 }),
      session(2, { variables: 1, variables_nbytes: 7, operations: 0 })
    ];
    expect(total(sessions)).toEqual({ sessions: 2, variables: 3, nbytes: 17, isKnown: true, operations: 5 });
    const unasked = session(3, { variables: 2, variables_nbytes: null, operations: 1 });
    expect(total([...sessions, unasked])).toMatchObject({ variables: 5, nbytes: 17, isKnown: false });
  });
});

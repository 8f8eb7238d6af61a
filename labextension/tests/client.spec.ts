import { RefusedError, SessionsClient } from '../src/client';
import { SessionsModel } from '../src/model';
import type { KernelSessions } from '../src/model';
import type { SessionDetails } from '../src/protocol';
import { PROTOCOL_VERSION, TARGET } from '../src/protocol';
import { details, memory, session, snapshot, trans } from './examples';
import { FakeKernel, settle } from './fake-kernel';

describe('SessionsClient', () => {
  let model: SessionsModel;
  let clients: SessionsClient[];
  let kernels: Set<FakeKernel>;

  const state = (): KernelSessions => model.kernel('k1')!;

  async function connect(kernel: FakeKernel): Promise<SessionsClient> {
    kernels.add(kernel);
    const client = new SessionsClient(kernel.connection, model, trans);
    clients.push(client);
    await settle();
    return client;
  }

  async function connectLive(kernel = new FakeKernel()): Promise<[SessionsClient, FakeKernel]> {
    const client = await connect(kernel);
    kernel.say(snapshot([session(1), session(2)]));
    return [client, kernel];
  }

  beforeEach(() => {
    model = new SessionsModel();
    model.setFacts('k1', { title: 'digits.ipynb', spec: 'Python 3', status: 'idle' });
    clients = [];
    kernels = new Set();
  });

  afterEach(() => {
    clients.forEach(client => client.dispose());
    const reachable = [...kernels].filter(kernel => kernel.connectionStatus === 'connected');
    expect(reachable.flatMap(kernel => [...kernel.comms.keys()])).toEqual([]);
  });

  describe('finding the extension', () => {
    it('sends a kernel without the extension one comm_info_request, on the control channel, and nothing else', async () => {
      const kernel = new FakeKernel({ isLoaded: false });
      await connect(kernel);
      expect(kernel.sent).toEqual([
        { channel: 'control', type: 'comm_info_request', subshell: null, content: { target_name: TARGET } }
      ]);
      expect(state().link).toBe('absent');
    });

    it('opens its comm in a subshell of its own, made on the control channel', async () => {
      const kernel = new FakeKernel();
      await connect(kernel);
      expect(kernel.sent.map(({ channel, type, subshell }) => [channel, type, subshell])).toEqual([
        ['control', 'comm_info_request', null],
        ['control', 'kernel_info_request', null],
        ['control', 'create_subshell_request', null],
        ['shell', 'comm_open', 'subshell 1']
      ]);
      const [open] = kernel.of('comm_open');
      expect(open.content).toMatchObject({ target_name: TARGET, data: { version: PROTOCOL_VERSION } });
      expect(state().link).toBe('waiting');
    });

    it('opens its comm in the main shell of a kernel that knows no subshells', async () => {
      const kernel = new FakeKernel({ features: [] });
      await connect(kernel);
      expect(kernel.of('create_subshell_request')).toEqual([]);
      expect(kernel.of('comm_open')).toMatchObject([{ subshell: null }]);
    });

    it('connects when the extension announces itself, once', async () => {
      const kernel = new FakeKernel({ isLoaded: false });
      await connect(kernel);
      kernel.announce();
      await settle();
      kernel.say(snapshot([session(1)]));
      kernel.announce();
      await settle();
      expect(kernel.of('comm_open')).toHaveLength(1);
      expect(state()).toMatchObject({ link: 'live', sessions: [{ name: 's1' }] });
    });

    it('opens one comm when the announcement comes twice while the subshell is being made', async () => {
      const kernel = new FakeKernel({ isLoaded: false });
      await connect(kernel);
      kernel.announce();
      kernel.announce();
      await settle();
      expect(kernel.comms.size).toBe(1);
      expect(kernel.subshells.size).toBe(1);
    });

    it('asks only when the connection is there', async () => {
      const kernel = new FakeKernel();
      kernel.connectionStatus = 'connecting';
      await connect(kernel);
      expect(kernel.sent).toEqual([]);
      kernel.connectionStatusChanged.emit('connected');
      await settle();
      expect(kernel.of('comm_open')).toHaveLength(1);
    });

    it('ignores what the kernel says on the comms of other windows', async () => {
      const [, kernel] = await connectLive();
      kernel.emit('comm_msg', { comm_id: 'another', data: snapshot([]) });
      kernel.emit('comm_close', { comm_id: 'another', data: {} });
      expect(state().sessions).toHaveLength(2);
    });
  });

  describe('orders', () => {
    it('go through the subshell, numbered from 1, and are answered by number', async () => {
      const [client, kernel] = await connectLive();
      const reset = client.request('reset', { id: 1, generation: 1, save_to: '' });
      const close = client.request('close', { id: 2, generation: 3, save_to: '' });
      expect(kernel.orders).toEqual([
        { type: 'reset', request: 1, id: 1, generation: 1, save_to: '' },
        { type: 'close', request: 2, id: 2, generation: 3, save_to: '' }
      ]);
      expect(kernel.of('comm_msg').map(({ subshell }) => subshell)).toEqual(['subshell 1', 'subshell 1']);
      kernel.say({ type: 'done', request: 2, message: 'closed s2', details: null });
      kernel.say({ type: 'done', request: 1, message: 'reset s1', details: null });
      await expect(reset).resolves.toBe('reset s1');
      await expect(close).resolves.toBe('closed s2');
    });

    it('are rejected with the message and the code of the kernel', async () => {
      const [client, kernel] = await connectLive();
      const close = client.request('close', { id: 1, generation: 1, save_to: '' });
      kernel.say({ type: 'refused', request: 1, code: 'SessionInUseError', message: 'cell 5 is running in it' });
      await expect(close).rejects.toThrow(RefusedError);
      await expect(close).rejects.toMatchObject({ message: 'cell 5 is running in it', code: 'SessionInUseError' });
    });

    it('are answered with what they wait for, when that goes on in the kernel', async () => {
      const [client, kernel] = await connectLive();
      const stop = client.request('stop', { id: 1, generation: 1, now: false });
      expect(kernel.orders).toEqual([{ type: 'stop', request: 1, id: 1, generation: 1, now: false }]);
      kernel.say({ type: 'waiting', request: 1, message: 'a run goes on until it ends' });
      await expect(stop).resolves.toBe('a run goes on until it ends');
    });

    it('return the details when they ask for them', async () => {
      const [client, kernel] = await connectLive();
      const described: Promise<SessionDetails> = client.request('describe', { id: 1 });
      kernel.say({ type: 'done', request: 1, message: '', details: details() });
      await expect(described).resolves.toEqual(details());
    });

    it('are rejected when there is no connection to give them over', async () => {
      const client = await connect(new FakeKernel({ isLoaded: false }));
      await expect(client.request('refresh', {})).rejects.toThrow('not connected');
    });

    it('are rejected when the connection is lost before the reply', async () => {
      const [client, kernel] = await connectLive();
      const reset = client.request('reset', { id: 1, generation: 1, save_to: '' });
      kernel.restart();
      await expect(reset).rejects.toThrow('The connection to the kernel was lost');
    });
  });

  describe('when things go wrong', () => {
    it('takes what it is told of memory', async () => {
      const [, kernel] = await connectLive();
      kernel.say({ type: 'memory', revision: 8, memory: memory(), samples: [] });
      expect(state()).toMatchObject({ revision: 8, memory: { devices: [{ name: 'CPU' }] } });
    });

    it('orders one snapshot after a gap, and is true again when it comes', async () => {
      const [, kernel] = await connectLive();
      kernel.say({ type: 'closed', revision: 12, id: 1 });
      kernel.say({ type: 'closed', revision: 13, id: 2 });
      expect(kernel.orders).toEqual([{ type: 'refresh', request: 1 }]);
      kernel.say(snapshot([], { revision: 13 }));
      kernel.say({ type: 'changed', revision: 14, session: session(3) });
      expect(state().sessions.map(({ id }) => id)).toEqual([3]);
      kernel.say({ type: 'closed', revision: 20, id: 3 });
      expect(kernel.orders).toHaveLength(2);
    });

    it('keeps its comm and orders a snapshot when only the connection was lost', async () => {
      const [, kernel] = await connectLive();
      kernel.reconnect();
      await settle();
      expect(kernel.of('comm_open')).toHaveLength(1);
      expect(kernel.orders).toEqual([{ type: 'refresh', request: 1 }]);
    });

    it('opens a new comm when the kernel has lost the one it had', async () => {
      const [, kernel] = await connectLive();
      kernel.comms.clear();
      kernel.reconnect();
      await settle();
      expect(kernel.comms.size).toBe(1);
      expect(kernel.of('comm_open')).toHaveLength(2);
    });

    it('says that the extension is not loaded when it was unloaded, and connects when it is loaded again', async () => {
      const [, kernel] = await connectLive();
      kernel.unload();
      expect(state()).toMatchObject({ link: 'absent', sessions: [] });
      await settle();
      expect(kernel.subshells.size).toBe(0);
      kernel.announce();
      await settle();
      kernel.say(snapshot([session(5)]));
      expect(state()).toMatchObject({ link: 'live', sessions: [{ id: 5 }] });
    });

    it('lists nothing after a restart until the extension announces itself', async () => {
      const [, kernel] = await connectLive();
      kernel.restart();
      await settle();
      expect(state()).toMatchObject({ link: 'absent', sessions: [] });
      expect(kernel.comms.size).toBe(0);
      kernel.announce();
      await settle();
      kernel.say(snapshot([session(1)]));
      expect(state().link).toBe('live');
    });
  });

  describe('leaving', () => {
    it('deletes the subshell, with which the kernel closes the comm', async () => {
      const [client, kernel] = await connectLive();
      client.dispose();
      await settle();
      expect(kernel.of('comm_close')).toEqual([]);
      expect(kernel.comms.size).toBe(0);
      expect(kernel.subshells.size).toBe(0);
    });

    it.each([
      ['reload', []],
      ['navigate', ['subshell 1']]
    ])('that was not heard is made good after a %s of the page only', async (type, left) => {
      const [, kernel] = await connectLive();
      jest.spyOn(performance, 'getEntriesByType').mockReturnValue([{ type } as unknown as PerformanceEntry]);
      await connect(kernel);
      expect([...kernel.subshells]).toEqual([...left, 'subshell 2']);
      jest.restoreAllMocks();
    });

    it('closes the comm of a kernel that knows no subshells', async () => {
      const [client, kernel] = await connectLive(new FakeKernel({ features: [] }));
      client.dispose();
      expect(kernel.of('comm_close')).toMatchObject([{ channel: 'shell', subshell: null }]);
      expect(kernel.comms.size).toBe(0);
      expect(kernel.subshells.size).toBe(0);
    });

    it('closes a comm that was being opened', async () => {
      const kernel = new FakeKernel();
      const client = new SessionsClient(kernel.connection, model, trans);
      await Promise.resolve();
      client.dispose();
      await settle();
      expect(kernel.comms.size).toBe(0);
      expect(kernel.subshells.size).toBe(0);
    });

    it('leaves nothing on the connection: it hears nothing any more, and may be done twice', async () => {
      const [client, kernel] = await connectLive();
      client.dispose();
      client.dispose();
      const before = kernel.sent.length;
      kernel.announce();
      kernel.reconnect();
      await settle();
      expect(kernel.sent).toHaveLength(before);
      expect(kernel.targets.size).toBe(0);
    });
  });
});

import { SessionsClient } from '../src/client';
import { SessionsModel } from '../src/model';
import type { KernelSessions } from '../src/model';
import { goldenMessages, goldenOrders, session, snapshot, trans } from './examples';
import { FakeKernel, settle } from './fake-kernel';

describe('golden messages', () => {
  let model: SessionsModel;

  const state = (): KernelSessions => model.kernel('k1')!;

  async function connectLive(): Promise<[SessionsClient, FakeKernel]> {
    model = new SessionsModel();
    model.setFacts('k1', { title: 'digits.ipynb', spec: 'Python 3', status: 'idle' });
    const kernel = new FakeKernel();
    const client = new SessionsClient(kernel.connection, model, trans);
    await settle();
    kernel.say(snapshot([session(1), session(2)]));
    return [client, kernel];
  }

  it.each(goldenMessages())('%s is taken as it is', async (_, message) => {
    const [client, kernel] = await connectLive();
    const replies = [1, 2, 3, 4, 5, 6].map(() => client.request('describe', { id: 1 }));
    const settled = Promise.allSettled(replies);
    kernel.say(message);
    switch (message.type) {
      case 'snapshot':
        expect(state()).toMatchObject({ link: 'live', revision: message.revision, sessions: message.sessions });
        break;
      case 'changed':
        expect(state().sessions[0]).toEqual(message.session);
        break;
      case 'closed':
        kernel.say(snapshot([session(1), session(2)], { revision: message.revision - 1 }));
        kernel.say(message);
        expect(state().sessions.map(({ id }) => id)).toEqual([2]);
        break;
      case 'done':
        await expect(replies[message.request - 1]).resolves.toEqual(message.details);
        break;
      case 'waiting':
        await expect(replies[message.request - 1]).resolves.toBe(message.message);
        break;
      case 'refused':
        await expect(replies[message.request - 1]).rejects.toMatchObject({ code: message.code });
        break;
    }
    client.dispose();
    await settled;
  });

  it.each(goldenOrders())('%s is what is sent', async (_, order) => {
    const [client, kernel] = await connectLive();
    const { type, request, ...args } = order;
    const before = Array.from({ length: request - 1 }, () => client.request('refresh', {}));
    const settled = Promise.allSettled([...before, client.request(type, args as never)]);
    expect(kernel.orders.at(-1)).toEqual(order);
    client.dispose();
    await settled;
  });
});

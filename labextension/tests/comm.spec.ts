import { SessionsComm } from '../src/comm';
import { FakeKernel } from './fake-kernel';

async function open(kernel: FakeKernel): Promise<void> {
  const comm = await SessionsComm.open(kernel.connection, {});
  kernel.disposed.connect(() => comm.dispose());
}

describe('SessionsComm, when the connection of its notebook is disposed', () => {
  it('closes with its subshell over another connection, which ends when the kernel has answered', async () => {
    const kernel = new FakeKernel();
    await open(kernel);
    kernel.dispose();
    expect(kernel.comms.size).toBe(1);
    const [carrier] = kernel.clones;
    carrier.connect();
    expect(kernel.comms.size).toBe(0);
    expect(kernel.subshells.size).toBe(0);
    expect(carrier.isDisposed).toBe(false);
    await new Promise(process.nextTick);
    expect(carrier.isDisposed).toBe(true);
    expect(kernel.of('delete_subshell_request')).toEqual([]);
  });

  it('is closed over another connection where there are no subshells', async () => {
    const kernel = new FakeKernel({ features: [] });
    await open(kernel);
    kernel.dispose();
    kernel.clones[0].connect();
    expect(kernel.comms.size).toBe(0);
    expect(kernel.of('comm_close')).toEqual([]);
  });

  it('gives up after a while on a kernel that cannot be reached', async () => {
    const kernel = new FakeKernel();
    await open(kernel);
    jest.useFakeTimers();
    kernel.dispose();
    jest.advanceTimersByTime(4999);
    expect(kernel.clones).toMatchObject([{ isDisposed: false }]);
    jest.advanceTimersByTime(1);
    expect(kernel.clones).toMatchObject([{ isDisposed: true }]);
    jest.useRealTimers();
  });
});

describe('SessionsComm', () => {
  it.each([
    ['the control channel of a kernel without subshells, where no order waits for the cell', [], 'control', null],
    ['the subshell where there is one', ['kernel subshells'], 'shell', 'subshell 1']
  ] as const)('sends every order to %s', async (_, features, channel, subshell) => {
    const kernel = new FakeKernel({ features: [...features] });
    const comm = await SessionsComm.open(kernel.connection, {});
    expect(kernel.of('comm_open')).toMatchObject([{ channel: 'shell', subshell }]);
    const orders = ['refresh', 'describe', 'stop', 'reset', 'close', 'adopt'];
    orders.forEach((type, request) => comm.send({ type, request }));
    expect(kernel.of('comm_msg')).toMatchObject(
      orders.map((type, request) => ({ channel, subshell, content: { data: { type, request } } }))
    );
  });
});

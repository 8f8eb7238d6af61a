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

describe('SessionsComm, without subshells', () => {
  it('has a Stop go where it does not wait for the cell, and nothing else', async () => {
    const kernel = new FakeKernel({ features: [] });
    const comm = await SessionsComm.open(kernel.connection, {});
    comm.send({ type: 'stop', request: 1 });
    comm.send({ type: 'close', request: 2 });
    expect(kernel.of('comm_msg').map(({ channel }) => channel)).toEqual(['control', 'shell']);
  });

  it('has a Stop go to the subshell where there is one', async () => {
    const kernel = new FakeKernel();
    const comm = await SessionsComm.open(kernel.connection, {});
    comm.send({ type: 'stop', request: 1 });
    expect(kernel.of('comm_msg').map(({ channel }) => channel)).toEqual(['shell']);
  });
});

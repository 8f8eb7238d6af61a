import type { Kernel, KernelMessage } from '@jupyterlab/services';
import type { JSONObject } from '@lumino/coreutils';
import { UUID } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import { NO_SUBSHELL } from './compat';
import { createMessage, createSubshell, deleteSubshell, sayLast, sendNow } from './control';
import { TARGET } from './protocol';

const NOTHING = (): void => {};

/**
 * A comm of our own with a kernel, over a subshell of our own where the kernel has them.
 *
 * Where it has none the comm is opened and closed on the main shell, which waits for the cell. Orders go over the
 * control channel. So the panel gives none before the kernel has said that the comm is open.
 *
 * Messages come from the kernel's `anyMessage`. It tells of them before other extensions are done with earlier ones. It
 * does so also on connections that JupyterLab lets handle no comms, as when a notebook and a console share a kernel.
 * JupyterLab's own comm object serves only to know the comm when the kernel closes it: on its own it would make a
 * second subshell.
 */
export class SessionsComm implements IDisposable {
  /** Make a subshell, and open a comm in it. */
  static async open(kernel: Kernel.IKernelConnection, data: JSONObject): Promise<SessionsComm> {
    return new SessionsComm(kernel, await createSubshell(kernel), data);
  }

  private constructor(
    private readonly kernel: Kernel.IKernelConnection,
    private readonly subshell: string | null,
    data: JSONObject
  ) {
    this.id = UUID.uuid4();
    this.#known = kernel.handleComms ? kernel.createComm(TARGET, this.id) : null;
    if (this.#known) {
      this.#known.commsOverSubshells = NO_SUBSHELL;
    }
    kernel.anyMessage.connect(this.#onMessage, this);
    this.#tell(kernel, 'comm_open', { target_name: TARGET, data });
  }

  readonly id: string;

  /** Emitted with the data of each message. */
  readonly received = new Signal<this, unknown>(this);

  /** Emitted when the kernel has closed the comm. It is disposed then. */
  readonly closed = new Signal<this, void>(this);

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  /** Send an order, without subshells on the control channel: there the kernel takes it while a cell is running. */
  send(data: JSONObject): void {
    this.#tell(this.kernel, 'comm_msg', { data }, this.subshell === null ? 'control' : 'shell');
  }

  /** Close the comm, if the kernel is there to hear it; where it has a subshell the kernel closes it with that. */
  dispose(): void {
    if (this.#isDisposed) {
      return;
    }
    this.#end();
    this.#known?.dispose();
    if (this.subshell === null) {
      sayLast(this.kernel, carrier => this.#tell(carrier, 'comm_close', {}));
    }
  }

  /** Let go of the comm of a kernel that has restarted: it and the subshell are gone. */
  abandon(): void {
    this.#isDisposed = true;
    this.kernel.anyMessage.disconnect(this.#onMessage, this);
  }

  #end(): void {
    this.abandon();
    if (this.subshell !== null) {
      deleteSubshell(this.kernel, this.subshell);
    }
  }

  #tell(
    kernel: Kernel.IKernelConnection,
    type: 'comm_open' | 'comm_msg' | 'comm_close',
    content: JSONObject,
    channel: 'shell' | 'control' = 'shell'
  ): Promise<void> {
    const message = createMessage(kernel, type, channel, { data: {}, ...content, comm_id: this.id }, this.subshell);
    const future = sendNow<{ done: Promise<unknown> }>(kernel, () =>
      channel === 'control'
        ? kernel.sendControlMessage(message as KernelMessage.IControlMessage, false, true)
        : kernel.sendShellMessage(message as KernelMessage.IShellMessage, false, true)
    );
    return future.done.then(NOTHING, NOTHING); // rejected when the connection ends before the kernel is idle again
  }

  #onMessage(_: unknown, { direction, msg }: Kernel.IAnyMessageArgs): void {
    if (direction !== 'recv' || msg.channel !== 'iopub') {
      return;
    }
    const { comm_id, data } = msg.content as { comm_id?: unknown; data?: unknown };
    if (comm_id !== this.id) {
      return;
    }
    if (msg.header.msg_type === 'comm_msg') {
      this.received.emit(data);
    } else if (msg.header.msg_type === 'comm_close') {
      this.#end();
      this.closed.emit();
    }
  }

  readonly #known: Kernel.IComm | null;
  #isDisposed = false;
}

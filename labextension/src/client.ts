import type { Kernel } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import { SessionsComm } from './comm';
import { listComms } from './control';
import type { SessionsModel } from './model';
import { LOAD } from './model';
import type { Announcement, Done, FromKernel, Order, Refused, SessionDetails, Waiting } from './protocol';
import { PROTOCOL_VERSION, TARGET } from './protocol';

type OrderType = Order['type'];
type Arguments<K extends OrderType> = Omit<Extract<Order, { type: K }>, 'type' | 'request'>;
type Reply<K extends OrderType> = K extends 'describe' ? SessionDetails : string;

/** The kernel's answer to an order that it did not carry out. */
export class RefusedError extends Error {
  constructor({ code, message }: Refused) {
    super(message);
    this.code = code;
  }

  /** Name of the error's class in the kernel. */
  readonly code: string;
}

interface Pending {
  resolve(reply: Done | Waiting): void;
  reject(error: Error): void;
}

/**
 * The conversation of the extension with one kernel.
 *
 * The client asks the kernel once per connection whether the extension is loaded there; after that it announces itself.
 * A restart or a lost connection begins anew. The kernel tells all else.
 */
export class SessionsClient implements IDisposable {
  constructor(
    readonly kernel: Kernel.IKernelConnection,
    private readonly model: SessionsModel,
    private readonly trans: TranslationBundle
  ) {
    kernel.anyMessage.connect(this.#onAnyMessage, this);
    kernel.statusChanged.connect(this.#onStatus, this);
    kernel.connectionStatusChanged.connect(this.#onConnectionStatus, this);
    kernel.disposed.connect(this.dispose, this);
    if (kernel.connectionStatus === 'connected') {
      void this.discover();
    }
  }

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  /** Give an order, and return what the kernel replies; rejects with the kernel's message. */
  async request<K extends OrderType>(type: K, args: Arguments<K>): Promise<Reply<K>> {
    const comm = this.#comm;
    if (!comm || this.model.kernel(this.kernel.id)?.link !== 'live') {
      throw new Error(this.trans.__('The kernel is not connected to the panel. Refresh, and try again.'));
    }
    const request = ++this.#requests;
    const reply = await new Promise<Done | Waiting>((resolve, reject) => {
      this.#pending.set(request, { resolve, reject });
      comm.send({ type, request, ...args });
    });
    return (type === 'describe' && reply.type === 'done' ? reply.details : reply.message) as Reply<K>;
  }

  /** Load the extension in the kernel, as a cell would; rejects with the kernel's message. */
  async load(): Promise<void> {
    const future = this.kernel.requestExecute({ code: LOAD, store_history: false, stop_on_error: false });
    const { content } = await future.done;
    if (content.status === 'error') {
      throw new Error(`${content.ename}: ${content.evalue}`);
    }
  }

  /** Find out whether the extension is loaded in the kernel, and connect to it or order a snapshot. */
  async discover(): Promise<void> {
    const turn = ++this.#turn;
    try {
      const ids = await listComms(this.kernel);
      if (turn !== this.#turn) {
        return;
      }
      if (this.#comm && ids.has(this.#comm.id)) {
        this.#loseReplies();
        this.#refresh();
        return;
      }
      this.#comm?.dispose();
      this.#forget('absent');
      if (ids.size > 0) {
        await this.#open();
      }
    } catch (error) {
      this.#fail(turn, error);
    }
  }

  /** Close the comm, if there is one. */
  dispose(): void {
    if (this.#isDisposed) {
      return;
    }
    this.#isDisposed = true;
    Signal.disconnectReceiver(this);
    this.#comm?.dispose();
    this.#forget('asking');
  }

  async #open(): Promise<void> {
    const turn = ++this.#turn;
    this.model.setLink(this.kernel.id, 'waiting');
    try {
      const comm = await SessionsComm.open(this.kernel, { version: PROTOCOL_VERSION });
      if (turn !== this.#turn) {
        comm.dispose();
        return;
      }
      this.#comm = comm;
      comm.received.connect(this.#onMessage, this);
      comm.closed.connect(this.#onClosed, this);
    } catch (error) {
      this.#fail(turn, error);
    }
  }

  #fail(turn: number, error: unknown): void {
    if (turn === this.#turn) {
      this.#forget('absent');
      console.warn('tfsess_magics: cannot connect', error);
    }
  }

  #forget(link: 'asking' | 'absent'): void {
    this.#turn++;
    this.#comm = null;
    this.#isRefreshing = false;
    this.#loseReplies();
    this.model.setLink(this.kernel.id, link);
  }

  #loseReplies(): void {
    const lost = [...this.#pending.values()];
    this.#pending.clear();
    const message = this.trans.__('The connection to the kernel was lost.');
    lost.forEach(pending => pending.reject(new Error(message)));
  }

  #refresh(): void {
    if (!this.#isRefreshing) {
      this.#isRefreshing = true;
      this.#comm?.send({ type: 'refresh', request: ++this.#requests });
    }
  }

  #onMessage(_: unknown, data: unknown): void {
    const message = data as FromKernel;
    switch (message?.type) {
      case 'snapshot':
        this.#isRefreshing = false;
        this.model.apply(this.kernel.id, message, Date.now() / 1000);
        break;
      case 'changed':
      case 'memory':
      case 'closed':
        if (!this.model.apply(this.kernel.id, message, Date.now() / 1000)) {
          this.#refresh();
        }
        break;
      case 'done':
      case 'waiting':
        this.#take(message.request)?.resolve(message);
        break;
      case 'refused':
        this.#take(message.request)?.reject(new RefusedError(message));
        break;
    }
  }

  #take(request: number): Pending | undefined {
    const pending = this.#pending.get(request);
    this.#pending.delete(request);
    return pending;
  }

  #onClosed(): void {
    this.#forget('absent');
  }

  #onAnyMessage(_: unknown, { direction, msg }: Kernel.IAnyMessageArgs): void {
    if (direction === 'recv' && msg.header.msg_type === 'comm_msg' && !this.#comm) {
      const { data } = msg.content as { data: Partial<Announcement> | null };
      if (data?.type === 'announcement' && data.target === TARGET) {
        void this.#open();
      }
    }
  }

  #onStatus(_: unknown, status: Kernel.Status): void {
    if (status === 'restarting' || status === 'autorestarting' || status === 'dead') {
      this.#comm?.abandon();
      this.#forget('absent');
    }
  }

  #onConnectionStatus(_: unknown, status: Kernel.ConnectionStatus): void {
    if (status === 'connected') {
      void this.discover();
    }
  }

  #comm: SessionsComm | null = null;
  #turn = 0;
  #requests = 0;
  #pending = new Map<number, Pending>();
  #isRefreshing = false;
  #isDisposed = false;
}

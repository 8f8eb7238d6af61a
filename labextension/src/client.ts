import type { Kernel } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';

import { SessionsComm } from './comm';
import { listComms } from './control';
import type { SessionsModel } from './model';
import { LOAD } from './model';
import type { Announcement, Done, FromKernel, Order, Refused, SessionDetails } from './protocol';
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
  resolve(done: Done): void;
  reject(error: Error): void;
}

/**
 * What the extension says to one kernel, and hears from it.
 *
 * The kernel is asked once per connection whether the extension is loaded there; after that it announces itself. A
 * restart or a lost connection begins anew, all else is told by the kernel.
 */
export class SessionsClient implements IDisposable {
  constructor(
    readonly kernel: Kernel.IKernelConnection,
    private readonly model: SessionsModel,
    private readonly trans: TranslationBundle
  ) {
    kernel.anyMessage.connect(this._onAnyMessage, this);
    kernel.statusChanged.connect(this._onStatus, this);
    kernel.connectionStatusChanged.connect(this._onConnectionStatus, this);
    kernel.disposed.connect(this.dispose, this);
    if (kernel.connectionStatus === 'connected') {
      void this.discover();
    }
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Give an order, and return what the kernel replies; rejects with the kernel's message. */
  async request<K extends OrderType>(type: K, args: Arguments<K>): Promise<Reply<K>> {
    const comm = this._comm;
    if (!comm || this.model.kernel(this.kernel.id)?.link !== 'live') {
      throw new Error(this.trans.__('The kernel is not connected to the panel. Refresh, and try again.'));
    }
    const request = ++this._requests;
    const done = await new Promise<Done>((resolve, reject) => {
      this._pending.set(request, { resolve, reject });
      comm.send({ type, request, ...args });
    });
    return (type === 'describe' ? done.details : done.message) as Reply<K>;
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
    const turn = ++this._turn;
    try {
      const ids = await listComms(this.kernel);
      if (turn !== this._turn) {
        return;
      }
      if (this._comm && ids.has(this._comm.id)) {
        this._loseReplies();
        this._refresh();
        return;
      }
      this._comm?.dispose();
      this._forget('absent');
      if (ids.size > 0) {
        await this._open();
      }
    } catch (error) {
      this._fail(turn, error);
    }
  }

  /** Close the comm, if there is one. */
  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this.kernel.anyMessage.disconnect(this._onAnyMessage, this);
    this.kernel.statusChanged.disconnect(this._onStatus, this);
    this.kernel.connectionStatusChanged.disconnect(this._onConnectionStatus, this);
    this.kernel.disposed.disconnect(this.dispose, this);
    this._comm?.dispose();
    this._forget('asking');
  }

  private async _open(): Promise<void> {
    const turn = ++this._turn;
    this.model.setLink(this.kernel.id, 'waiting');
    try {
      const comm = await SessionsComm.open(this.kernel, { version: PROTOCOL_VERSION });
      if (turn !== this._turn) {
        comm.dispose();
        return;
      }
      this._comm = comm;
      comm.received.connect(this._onMessage, this);
      comm.closed.connect(this._onClosed, this);
    } catch (error) {
      this._fail(turn, error);
    }
  }

  private _fail(turn: number, error: unknown): void {
    if (turn === this._turn) {
      this._forget('absent');
      console.warn('tfsess_magics: cannot connect', error);
    }
  }

  private _forget(link: 'asking' | 'absent'): void {
    this._turn++;
    this._comm = null;
    this._isRefreshing = false;
    this._loseReplies();
    this.model.setLink(this.kernel.id, link);
  }

  private _loseReplies(): void {
    const lost = [...this._pending.values()];
    this._pending.clear();
    const message = this.trans.__('The connection to the kernel was lost.');
    lost.forEach(pending => pending.reject(new Error(message)));
  }

  private _refresh(): void {
    if (!this._isRefreshing) {
      this._isRefreshing = true;
      this._comm?.send({ type: 'refresh', request: ++this._requests });
    }
  }

  private _onMessage(_: unknown, data: unknown): void {
    const message = data as FromKernel;
    switch (message.type) {
      case 'snapshot':
        this._isRefreshing = false;
        this.model.apply(this.kernel.id, message, Date.now() / 1000);
        break;
      case 'changed':
      case 'closed':
        if (!this.model.apply(this.kernel.id, message, Date.now() / 1000)) {
          this._refresh();
        }
        break;
      case 'done':
        this._take(message.request)?.resolve(message);
        break;
      case 'refused':
        this._take(message.request)?.reject(new RefusedError(message));
        break;
    }
  }

  private _take(request: number): Pending | undefined {
    const pending = this._pending.get(request);
    this._pending.delete(request);
    return pending;
  }

  private _onClosed(): void {
    this._forget('absent');
  }

  private _onAnyMessage(_: unknown, { direction, msg }: Kernel.IAnyMessageArgs): void {
    if (direction === 'recv' && msg.header.msg_type === 'comm_msg' && !this._comm) {
      const { data } = msg.content as { data: Partial<Announcement> | null };
      if (data?.type === 'announcement' && data.target === TARGET) {
        void this._open();
      }
    }
  }

  private _onStatus(_: unknown, status: Kernel.Status): void {
    if (status === 'restarting' || status === 'autorestarting' || status === 'dead') {
      this._comm?.abandon();
      this._forget('absent');
    }
  }

  private _onConnectionStatus(_: unknown, status: Kernel.ConnectionStatus): void {
    if (status === 'connected') {
      void this.discover();
    }
  }

  private _comm: SessionsComm | null = null;
  private _turn = 0;
  private _requests = 0;
  private _pending = new Map<number, Pending>();
  private _isRefreshing = false;
  private _isDisposed = false;
}

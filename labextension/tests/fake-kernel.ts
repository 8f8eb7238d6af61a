import type { Kernel } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

import type { FromKernel } from '../src/protocol';
import { PROTOCOL_VERSION, TARGET } from '../src/protocol';

export interface Sent {
  channel: 'shell' | 'control';
  type: string;
  subshell: string | null;
  content: { comm_id?: string; data?: unknown; [key: string]: unknown };
}

/**
 * The part of a kernel connection that the extension uses, with a kernel behind it that knows comms and subshells.
 *
 * It answers what is asked on the control channel; what comes over comms is noted, and the test says what comes back.
 */
export class FakeKernel {
  constructor({ id = 'k1', isLoaded = true, features = ['kernel subshells'] } = {}) {
    this.id = id;
    this.isLoaded = isLoaded;
    this.features = features;
  }

  readonly id: string;
  isDisposed = false;
  readonly name = 'python3';
  readonly username = '';
  readonly clientId = 'client';
  readonly supportsSubshells = false;
  readonly handleComms = true;
  readonly anyMessage = new Signal<this, Kernel.IAnyMessageArgs>(this);
  readonly statusChanged = new Signal<this, Kernel.Status>(this);
  readonly connectionStatusChanged = new Signal<this, Kernel.ConnectionStatus>(this);
  readonly disposed = new Signal<this, void>(this);
  connectionStatus: Kernel.ConnectionStatus = 'connected';
  isLoaded: boolean;
  features: string[];
  readonly sent: Sent[] = [];
  readonly targets = new Set<string>();
  /** Comms that front ends have open, by their subshells. */
  readonly comms = new Map<string, string | null>();
  readonly subshells = new Set<string>();
  /** The code that was to be run, each with what answers it. */
  readonly executed: { code: string; answer(content: object): void }[] = [];

  /** The connections that were made beside it, with what was sent over them. */
  readonly clones: FakeKernel[] = [];

  clone(): FakeKernel {
    const clone = Object.assign(new FakeKernel({ id: this.id }), { comms: this.comms, subshells: this.subshells });
    clone.connectionStatus = 'connecting';
    this.clones.push(clone);
    return clone;
  }

  dispose(): void {
    this.isDisposed = true;
    this.disposed.emit();
  }

  connect(): void {
    this.connectionStatus = 'connected';
    this.connectionStatusChanged.emit('connected');
  }

  /** As the type that the extension takes it for. */
  get connection(): Kernel.IKernelConnection {
    return this as unknown as Kernel.IKernelConnection;
  }

  /** What was sent of a type. */
  of(type: string): Sent[] {
    return this.sent.filter(message => message.type === type);
  }

  /** The orders that were given. */
  get orders(): Record<string, unknown>[] {
    return this.of('comm_msg').map(message => message.content.data as Record<string, unknown>);
  }

  registerCommTarget(name: string): void {
    this.targets.add(name);
  }

  removeCommTarget(name: string): void {
    this.targets.delete(name);
  }

  createComm(): unknown {
    return { dispose: () => {} };
  }

  sendControlMessage(message: RawMessage): unknown {
    const { type, content } = this._note('control', message);
    const reply = this._answer(type, content);
    const future: Future = { onReply: () => {}, done: type === 'comm_msg' ? Promise.resolve() : new Promise(() => {}) };
    if (reply) {
      void Promise.resolve().then(() => future.onReply({ content: reply }));
    }
    return future;
  }

  sendShellMessage(message: RawMessage): unknown {
    const { type, content, subshell } = this._note('shell', message);
    if (type === 'comm_open') {
      this.comms.set(content.comm_id!, subshell);
    } else if (type === 'comm_close') {
      this.comms.delete(content.comm_id!);
    }
    return { done: Promise.resolve() };
  }

  requestExecute({ code }: { code: string }): unknown {
    return {
      done: new Promise(resolve => this.executed.push({ code, answer: content => resolve({ content }) }))
    };
  }

  /** Say something on every comm that is open. */
  say(message: FromKernel): void {
    this.comms.forEach((_, id) => this.emit('comm_msg', { comm_id: id, data: message }));
  }

  /** Announce the extension. */
  announce(): void {
    this.isLoaded = true;
    this.emit('comm_msg', {
      comm_id: 'beacon',
      data: { type: 'announcement', target: TARGET, version: PROTOCOL_VERSION }
    });
  }

  /** Unload the extension. */
  unload(): void {
    this.isLoaded = false;
    this.comms.forEach((_, id) => this.emit('comm_close', { comm_id: id, data: {} }));
    this.comms.clear();
  }

  /** Restart, without the extension. */
  restart(): void {
    this.isLoaded = false;
    this.comms.clear();
    this.subshells.clear();
    this.statusChanged.emit('restarting');
    this.reconnect();
  }

  /** Lose the connection and find it again. */
  reconnect(): void {
    this.connectionStatusChanged.emit('connecting');
    this.connectionStatusChanged.emit('connected');
  }

  emit(type: string, content: object): void {
    const msg = { channel: 'iopub', header: { msg_type: type }, content };
    this.anyMessage.emit({ direction: 'recv', msg } as unknown as Kernel.IAnyMessageArgs);
  }

  private _note(channel: 'shell' | 'control', { header, content }: RawMessage): Sent {
    const sent = { channel, type: header.msg_type, subshell: header.subshell_id ?? null, content };
    this.sent.push(sent);
    return sent;
  }

  private _answer(type: string, content: Sent['content']): object | null {
    switch (type) {
      case 'comm_info_request': {
        const ids = this.isLoaded ? ['beacon', ...this.comms.keys()] : [];
        return { comms: Object.fromEntries(ids.map(id => [id, { target_name: TARGET }])) };
      }
      case 'kernel_info_request':
        return { supported_features: this.features };
      case 'create_subshell_request': {
        const id = `subshell ${this.of('create_subshell_request').length}`;
        this.subshells.add(id);
        return { subshell_id: id };
      }
      case 'delete_subshell_request':
        this.subshells.delete(String(content['subshell_id']));
        this.comms.forEach((subshell, id) => subshell === content['subshell_id'] && this.comms.delete(id));
        return {};
      default:
        return null;
    }
  }
}

interface Future {
  onReply: (message: unknown) => void;
  done: Promise<unknown>;
}

interface RawMessage {
  header: { msg_type: string; subshell_id?: string | null };
  content: Sent['content'];
}

/** Let everything happen that is under way. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    await Promise.resolve();
  }
}

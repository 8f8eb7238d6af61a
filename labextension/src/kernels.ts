import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ISignal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';

import { SessionsClient } from './client';
import type { SessionsModel } from './model';

/** A notebook or a console. */
export interface KernelWidget extends Widget {
  readonly sessionContext: ISessionContext;
}

/** The part of JupyterLab's notebook and console trackers that is used here. */
export interface KernelWidgets {
  readonly widgetAdded: ISignal<unknown, KernelWidget>;
  forEach(callback: (widget: KernelWidget) => void): void;
}

/**
 * The kernels of open notebooks and consoles, each with one client however many of them show it.
 *
 * Uses the connections that they have, and makes none. Kernels of other languages than Python are left alone.
 */
export class ConnectedKernels {
  constructor(
    private readonly model: SessionsModel,
    private readonly trans: TranslationBundle
  ) {}

  /** Follow the widgets of a tracker. */
  follow(widgets: KernelWidgets): void {
    widgets.forEach(widget => this.#add(widget));
    widgets.widgetAdded.connect((_, widget) => this.#add(widget));
  }

  /** The client of a kernel, undefined if it is not connected. */
  client(id: string): SessionsClient | undefined {
    return this.#clients.get(id);
  }

  /** Every client. */
  get clients(): readonly SessionsClient[] {
    return [...this.#clients.values()];
  }

  /** Id of the kernel that a widget shows, undefined if it shows none that is listed. */
  kernelOf(widget: Widget | null): string | undefined {
    const context = [...this.#widgets].find(known => known === widget)?.sessionContext;
    const id = context?.session?.kernel?.id;
    return id !== undefined && this.#clients.has(id) ? id : undefined;
  }

  /** Leave every kernel, as when the page goes. */
  leave(): void {
    this.#clients.forEach(client => client.dispose());
    this.#clients.clear();
  }

  #add(widget: KernelWidget): void {
    const context = widget.sessionContext;
    this.#widgets.add(widget);
    context.kernelChanged.connect(this.#sync, this);
    context.statusChanged.connect(this.#sync, this);
    context.connectionStatusChanged.connect(this.#sync, this);
    context.propertyChanged.connect(this.#sync, this);
    widget.disposed.connect(() => {
      this.#widgets.delete(widget);
      this.#sync();
    });
    this.#sync();
  }

  #sync(): void {
    const shown = new Map<string, ISessionContext[]>();
    for (const { sessionContext: context } of this.#widgets) {
      const kernel = context.isDisposed ? null : context.session?.kernel;
      if (kernel && !kernel.isDisposed && isPython(context, kernel)) {
        shown.set(kernel.id, [...(shown.get(kernel.id) ?? []), context]);
      }
    }
    for (const [id, client] of this.#clients) {
      if (client.isDisposed || !shown.has(id)) {
        client.dispose();
        this.#clients.delete(id);
      }
    }
    for (const { id } of this.model.kernels) {
      if (!shown.has(id)) {
        this.model.remove(id);
      }
    }
    for (const [id, contexts] of shown) {
      const [first] = contexts;
      this.model.setFacts(id, {
        title: [...new Set(contexts.map(context => context.name))].join(', '),
        spec: first.kernelDisplayName,
        status: first.kernelDisplayStatus
      });
      const kernel = connection(contexts);
      if (kernel && !this.#clients.has(id)) {
        this.#clients.set(id, new SessionsClient(kernel, this.model, this.trans));
      }
    }
  }

  #widgets = new Set<KernelWidget>();
  #clients = new Map<string, SessionsClient>();
}

/** The connection to use where several show a kernel: the one that JupyterLab lets handle comms. */
function connection(contexts: readonly ISessionContext[]): Kernel.IKernelConnection | null {
  const kernels = contexts.flatMap(context => context.session?.kernel ?? []);
  return kernels.find(kernel => kernel.handleComms) ?? kernels[0] ?? null;
}

function isPython(context: ISessionContext, kernel: Kernel.IKernelConnection): boolean {
  const language = context.specsManager.specs?.kernelspecs[kernel.name]?.language;
  return language === undefined || language.toLowerCase() === 'python';
}

import type { Kernel } from '@jupyterlab/services';
import { KernelMessage } from '@jupyterlab/services';
import type { JSONObject } from '@lumino/coreutils';

import { address } from './compat';
import { TARGET } from './protocol';

/** Make a message of any type for any channel: JupyterLab's types know a channel for each type. */
export function createMessage(
  kernel: Kernel.IKernelConnection,
  type: string,
  channel: 'shell' | 'control',
  content: JSONObject,
  subshell: string | null = null
): KernelMessage.IMessage {
  const { username, clientId: session } = kernel;
  const options = { msgType: type, channel, username, session, content };
  const message = KernelMessage.createMessage(
    options as unknown as KernelMessage.IOptions<KernelMessage.ICommMsgMsg<'shell'>>
  );
  return address(message, subshell);
}

/**
 * Ask a kernel on its control channel, which it answers while a cell is running, and return the answer's content.
 *
 * JupyterLab's own `requestCommInfo` and `requestKernelInfo` go over the shell channel, where they wait for the cell.
 * `requestCreateSubshell` throws as long as JupyterLab's kernel info waits there.
 */
function ask(kernel: Kernel.IKernelConnection, type: string, content: JSONObject): Promise<JSONObject> {
  const request = createMessage(kernel, type, 'control', content);
  const future = sendNow(kernel, () => kernel.sendControlMessage(request as KernelMessage.IControlMessage, true));
  return new Promise((resolve, reject) => {
    future.onReply = reply => resolve(reply.content as JSONObject);
    future.done.catch(reject);
  });
}

/**
 * Send past the messages that JupyterLab holds back. After a reload it waits 3 s for an answer from the main shell before
 * it sends anything else on any channel. A running cell keeps the main shell from answering.
 */
export function sendNow<T>(kernel: Kernel.IKernelConnection, send: () => T): T {
  const connection = kernel as unknown as { _pendingMessages?: unknown };
  const held = connection._pendingMessages;
  if (!Array.isArray(held) || kernel.connectionStatus !== 'connected') {
    return send();
  }
  connection._pendingMessages = [];
  try {
    return send();
  } finally {
    connection._pendingMessages = [...held, ...(connection._pendingMessages as unknown[])];
  }
}

/** Return the ids of the comms of our target that a kernel has. */
export async function listComms(kernel: Kernel.IKernelConnection): Promise<ReadonlySet<string>> {
  const { comms } = await ask(kernel, 'comm_info_request', { target_name: TARGET });
  return new Set(Object.keys((comms as JSONObject | undefined) ?? {}));
}

/** Have a kernel make a subshell, and return its id once it is there; null if the kernel knows no subshells. */
export async function createSubshell(kernel: Kernel.IKernelConnection): Promise<string | null> {
  if (!kernel.supportsSubshells) {
    const { supported_features } = await ask(kernel, 'kernel_info_request', {});
    if (!Array.isArray(supported_features) || !supported_features.includes('kernel subshells')) {
      return null;
    }
  }
  deleteLeftover(kernel);
  const { subshell_id } = await ask(kernel, 'create_subshell_request', {});
  if (typeof subshell_id !== 'string') {
    return null;
  }
  sessionStorage.setItem(storageKey(kernel), subshell_id);
  return subshell_id;
}

/**
 * Delete the subshell that this page had before it was reloaded: a message that a page sends when it goes may be lost.
 * A kernel that has deleted it already says no more than that. Not after other navigations: a duplicated tab has the
 * storage of a page that is still there.
 */
function deleteLeftover(kernel: Kernel.IKernelConnection): void {
  const id = sessionStorage.getItem(storageKey(kernel));
  const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
  if (id !== null && navigation.type === 'reload') {
    deleteSubshell(kernel, id);
  }
}

function storageKey(kernel: Kernel.IKernelConnection): string {
  return `tfsess-magics:subshell:${kernel.id}`;
}

/** Have a kernel end a subshell, and do not wait for it. */
export function deleteSubshell(kernel: Kernel.IKernelConnection, id: string): void {
  sayLast(kernel, carrier => ask(carrier, 'delete_subshell_request', { subshell_id: id }));
}

const PATIENCE = 5000;

/**
 * Say something to a kernel without waiting for the answer, also when its connection is being disposed. Unless that is
 * the kernel's only one, it closes before the server has passed on what it brought. Then another connection carries it.
 */
export function sayLast(
  kernel: Kernel.IKernelConnection,
  say: (carrier: Kernel.IKernelConnection) => Promise<unknown>
): void {
  const said = async (carrier: Kernel.IKernelConnection): Promise<void> => {
    try {
      await say(carrier);
    } catch {
      // The kernel is dead, or the connection ended before the answer came.
    }
  };
  if (!kernel.isDisposed) {
    void said(kernel);
    return;
  }
  const carrier = kernel.clone();
  carrier.connectionStatusChanged.connect((_, status) => {
    if (status === 'connected') {
      void said(carrier).then(() => carrier.dispose());
    }
  });
  window.setTimeout(() => carrier.dispose(), PATIENCE);
}

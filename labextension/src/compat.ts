import type { CommsOverSubshells, KernelMessage } from '@jupyterlab/services';

// Parts for older versions of JupyterLab 4. Each says which version ends the need for it.

/** For the comms of JupyterLab: to make no subshell. JupyterLab before 4.4 has no such enum, and makes none anyway. */
export const NO_SUBSHELL = 'disabled' as CommsOverSubshells.Disabled;

/** Return a message with the subshell that it is for, which `createMessage` leaves out in JupyterLab before 4.4. */
export function address(message: KernelMessage.IMessage, subshell: string | null): KernelMessage.IMessage {
  return { ...message, header: { ...message.header, subshell_id: subshell ?? undefined } };
}

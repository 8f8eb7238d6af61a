import { expect } from '@playwright/test';

import type { Lab } from './lab';

declare global {
  interface Window {
    /** The cell and our orders, in the order in which they were sent. */
    sent: { id: string; what: unknown }[];
    /** What the kernel told of its state, each with the message that it is about. */
    statuses: { status: string; of: string | undefined }[];
  }
}

/** Start a cell, and record from then on what the notebook's kernel is ordered and every status that it tells. */
export async function startRecorded(lab: Lab, index: number): Promise<void> {
  await lab.page.evaluate(() => {
    const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session!.kernel!;
    window.sent = [];
    window.statuses = [];
    kernel.anyMessage.connect((_, { direction, msg: { header, parent_header, content } }) => {
      if (direction === 'recv') {
        if (content.execution_state) {
          window.statuses.push({ status: content.execution_state, of: parent_header.msg_id });
        }
      } else if (header.msg_type === 'execute_request') {
        window.sent.push({ id: header.msg_id, what: 'cell' });
      } else if (header.msg_type === 'comm_msg') {
        window.sent.push({ id: header.msg_id, what: content.data?.type });
      }
    });
  });
  await lab.start(index);
}

/** Wait until the kernel has dealt with all orders, these among them, and has told after each that it is busy with the cell. */
export async function expectBusyAfter(lab: Lab, ...orders: readonly string[]): Promise<void> {
  const others = async (): Promise<unknown> => (await told(lab)).filter(({ next }) => next !== 'busy with the cell');
  await expect.poll(others).toEqual([]);
  expect((await told(lab)).map(({ what }) => what)).toEqual(expect.arrayContaining([...orders]));
}

/** The orders that were given, each with the status that came next when the kernel was idle after it. */
function told(lab: Lab): Promise<{ what: unknown; next: string }[]> {
  return lab.page.evaluate(() => {
    const { sent, statuses } = window;
    const [cell, ...orders] = sent;
    return orders.map(({ id, what }) => {
      const idle = statuses.findIndex(({ status, of }) => status === 'idle' && of === id);
      const next = idle < 0 ? undefined : statuses[idle + 1];
      return { what, next: next ? `${next.status} with ${next.of === cell.id ? 'the cell' : next.of}` : 'nothing yet' };
    });
  });
}

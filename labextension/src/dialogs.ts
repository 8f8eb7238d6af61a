import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import { countOperations, countSessions, countVariables, formatBytes } from './format';
import { total } from './model';
import type { Totals } from './model';
import type { SessionSummary } from './protocol';

/** Ask whether to reset a session. */
export function askReset(session: SessionSummary, trans: TranslationBundle): Promise<boolean> {
  const lost = whatIsLost(total([session]), trans);
  const rest = trans.__('Its name and its options stay; its graph is empty then.');
  return ask(trans.__('Reset %1?', session.name), `${lost} ${rest}`, trans.__('Reset'), trans);
}

/** Ask whether to close a session. */
export function askClose(session: SessionSummary, trans: TranslationBundle): Promise<boolean> {
  const lost = whatIsLost(total([session]), trans);
  return ask(trans.__('Close %1?', session.name), lost, trans.__('Close'), trans);
}

/** Ask whether to close every session of a kernel. */
export function askCloseAll(
  sessions: readonly SessionSummary[],
  kernel: string,
  trans: TranslationBundle
): Promise<boolean> {
  const names = sessions.map(session => session.name).join(', ');
  const title = trans.__('Close all sessions of %1?', kernel);
  const what = trans.__('%1: %2.', countSessions(sessions.length, trans), names);
  return ask(title, `${what} ${whatIsLost(total(sessions), trans)}`, trans.__('Close All'), trans);
}

function whatIsLost({ variables, nbytes, operations }: Totals, trans: TranslationBundle): string {
  if (variables === 0 && operations === 0) {
    return trans.__('Nothing is lost: there are no variables and no operations.');
  }
  const held =
    variables === 0
      ? trans.__('no variables')
      : trans.__('%1 (%2)', countVariables(variables, trans), formatBytes(nbytes));
  return trans.__('What is lost: %1 and %2.', held, countOperations(operations, trans));
}

async function ask(title: string, body: string, label: string, trans: TranslationBundle): Promise<boolean> {
  const { button } = await showDialog({
    title,
    body,
    buttons: [Dialog.cancelButton({ label: trans.__('Cancel') }), Dialog.warnButton({ label })],
    defaultButton: 0
  });
  return button.accept;
}

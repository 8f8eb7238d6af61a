import { Dialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import { countMore, countOperations, countSessions, countVariables, formatBytes } from './format';
import { total } from './model';
import type { Totals } from './model';
import type { SessionSummary } from './protocol';

/** How many sessions a question names. */
const NAMES = 8;

/** Ask whether to reset a session. */
export function askReset(session: SessionSummary, trans: TranslationBundle): Promise<boolean> {
  const [lost, ...memory] = whatIsLost(total([session]), trans);
  const rest = trans.__('Its name and its options stay; its graph is empty then.');
  return ask(trans.__('Reset %1?', session.name), [lost, rest, ...memory], trans.__('Reset'), trans);
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
  const title = trans.__('Close all sessions of %1?', kernel);
  const what = trans.__('%1: %2.', countSessions(sessions.length, trans), listNames(sessions, trans));
  return ask(title, [what, ...whatIsLost(total(sessions), trans)], trans.__('Close All'), trans);
}

function listNames(sessions: readonly SessionSummary[], trans: TranslationBundle): string {
  const names = sessions.slice(0, NAMES).map(session => session.name);
  const more = sessions.length - names.length;
  return [...names, ...(more > 0 ? [countMore(more, trans)] : [])].join(', ');
}

function whatIsLost({ variables, nbytes, operations }: Totals, trans: TranslationBundle): string[] {
  if (variables === 0 && operations === 0) {
    return [trans.__('Nothing is lost: there are no variables and no operations.')];
  }
  const held =
    variables === 0
      ? trans.__('no variables')
      : trans.__('%1 (%2)', countVariables(variables, trans), formatBytes(nbytes));
  const lost = trans.__('What is lost: %1 and %2.', held, countOperations(operations, trans));
  const memory = trans.__(
    'The process keeps the memory for later; a restart of the kernel gives it back to the system.'
  );
  return nbytes === 0 ? [lost] : [lost, memory];
}

/** Ask with a dialog that says each thing on a line of its own. */
async function ask(title: string, says: readonly string[], label: string, trans: TranslationBundle): Promise<boolean> {
  const dialog = new Dialog({
    title,
    body: says.join('\n'),
    buttons: [Dialog.cancelButton({ label: trans.__('Cancel') }), Dialog.warnButton({ label })],
    defaultButton: 0
  });
  dialog.addClass('tfsess-Dialog');
  const { button } = await dialog.launch();
  return button.accept;
}

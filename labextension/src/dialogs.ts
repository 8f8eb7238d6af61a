import { Dialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import { countMore, countOperations, countSessions, countVariables, formatBytes, formatNumber } from './format';
import { canBeSaved, isOfOtherCode } from './kind';
import { total } from './model';
import type { SessionSummary } from './protocol';
import { labelOrigin, moduleOf, writeOrigin } from './text';
import { TextInput } from './text-input';

/** The number of sessions that a question names. */
const NAMES = 8;

/** The error of TensorFlow where code uses a closed session. */
const CLOSED = 'RuntimeError: Attempted to use a closed Session.';

/** The end of a session that the user wants, by a reset or a close. */
export interface Ending {
  /** Path to save the values of its variables to before that; empty to save nothing. */
  readonly saveTo: string;
}

/** Ask whether to reset a session; null if not. */
export function askReset(session: SessionSummary, trans: TranslationBundle): Promise<Ending | null> {
  const [lost, ...memory] = whatIsLost([session], trans);
  const rest = trans.__('Its name and its options stay; its graph is empty then.');
  return askEnd(session, trans.__('Reset %1?', session.name), [lost, rest, ...memory], trans.__('Reset'), trans);
}

/** Ask whether to close a session that is the user's; null if not. */
export function askClose(session: SessionSummary, trans: TranslationBundle): Promise<Ending | null> {
  const lost = whatIsLost([session], trans);
  return askEnd(session, trans.__('Close %1?', session.name), lost, trans.__('Close'), trans);
}

/** Ask whether to reset or close an eager scope; `names`: what that unbinds, null if that is not known. */
export async function askUnbind(
  session: SessionSummary,
  label: string,
  names: readonly string[] | null,
  trans: TranslationBundle
): Promise<Ending | null> {
  const which = names ? names.join(', ') || trans.__('none') : trans.__('what its cells have assigned');
  const held = countVariables(session.variables, trans);
  const says = [
    trans.__('%1 removes these names from the notebook: %2.', label, which),
    trans.__(
      'It has %1 (%2). Variables that other objects refer to stay in memory.',
      held,
      formatBytes(total([session]).nbytes)
    )
  ];
  return (await ask(trans.__('%1 %2?', label, session.name), says, label, trans)) ? { saveTo: '' } : null;
}

/**
 * Ask whether to close a session that the extension did not open; null if not. `heldBy`: what refers to it, null if
 * that is not known.
 */
export function askCloseOther(
  session: SessionSummary,
  heldBy: readonly string[] | null,
  trans: TranslationBundle
): Promise<Ending | null> {
  const whose = moduleOf(session.origin) || labelOrigin(session.origin, trans);
  const says = [
    isOfOtherCode(session)
      ? trans.__('It belongs to other code: %1.', writeOrigin(session.origin, trans))
      : trans.__('A cell of the notebook made it: %1.', writeOrigin(session.origin, trans)),
    isOfOtherCode(session)
      ? trans.__('Code of %1 that goes on using it gets “%2”', whose, CLOSED)
      : trans.__('A cell that goes on using it gets “%1”', CLOSED),
    ...(heldBy ? [sayHolders(heldBy, trans)] : []),
    ...whatIsLost([session], trans)
  ];
  return askEnd(session, trans.__('Close %1?', session.name), says, trans.__('Close'), trans);
}

function sayHolders(heldBy: readonly string[], trans: TranslationBundle): string {
  return heldBy.length > 0
    ? trans.__('What refers to it: %1.', heldBy.join(', '))
    : trans.__('No variable and no object refers to it.');
}

/** Ask for the name of a session of other code, and return it; null if it is to have none. */
export async function askName(session: SessionSummary, trans: TranslationBundle): Promise<string | null> {
  const says = [
    trans.__('With a name, cells can run in it, and it stays until you close it.'),
    trans.__('It still belongs to the code that made it: %1.', writeOrigin(session.origin, trans)),
    trans.__('So you cannot reset it, and Close ends it for that code too.')
  ];
  const dialog = new Dialog({
    title: trans.__('Adopt %1?', session.name),
    body: new TextInput(says, trans.__('Name for %1', '%%tfsession')),
    buttons: [Dialog.cancelButton({ label: trans.__('Cancel') }), Dialog.okButton({ label: trans.__('Adopt') })],
    focusNodeSelector: 'input'
  });
  const { button, value } = await show(dialog);
  return button.accept ? (value ?? '') : null;
}

/** Ask whether to close the sessions that no code seems to need. */
export function askCloseUnused(sessions: readonly SessionSummary[], trans: TranslationBundle): Promise<boolean> {
  const says = [
    trans.__('They have not run for a while, and at most one name refers to each:'),
    ...nameSome(sessions, trans, ({ name, origin }) => trans.__('%1, made by %2', name, writeOrigin(origin, trans))),
    trans.__('Code that goes on using one gets “%1”', CLOSED),
    ...whatIsLost(sessions, trans)
  ];
  const title = trans._n(
    'Close %2 unused session?',
    'Close %2 unused sessions?',
    sessions.length,
    formatNumber(sessions.length)
  );
  return ask(title, says, trans.__('Close'), trans);
}

/** Ask whether to close every session of a kernel that has a name. */
export function askCloseAll(
  sessions: readonly SessionSummary[],
  kernel: string,
  trans: TranslationBundle
): Promise<boolean> {
  const title = trans.__('Close all sessions of %1?', kernel);
  const what = trans.__('%1: %2.', countSessions(sessions.length, trans), listNames(sessions, trans));
  const others = sessions.filter(isOfOtherCode);
  const whose =
    others.length > 0 ? [trans.__('Other code that goes on using %1 will fail.', listNames(others, trans))] : [];
  return ask(title, [what, ...whose, ...whatIsLost(sessions, trans)], trans.__('Close All'), trans);
}

function listNames(sessions: readonly SessionSummary[], trans: TranslationBundle): string {
  return nameSome(sessions, trans, ({ name }) => name).join(', ');
}

/** Name the first of some sessions, and count those that are left. */
function nameSome(
  sessions: readonly SessionSummary[],
  trans: TranslationBundle,
  name: (session: SessionSummary) => string
): string[] {
  const more = sessions.length - NAMES;
  return [...sessions.slice(0, NAMES).map(name), ...(more > 0 ? [countMore(more, trans)] : [])];
}

function whatIsLost(sessions: readonly SessionSummary[], trans: TranslationBundle): string[] {
  const { operations } = total(sessions);
  const { variables, nbytes } = total(sessions.filter(({ target }) => !target));
  const onServers = total(sessions.filter(({ target }) => target)).variables;
  const ends = sessions.some(({ running_since }) => running_since !== null)
    ? [trans.__('A run is in progress: it ends with an error.')]
    : [];
  const kept = onServers > 0 ? [trans.__('The server keeps its variables: %1.', countVariables(onServers, trans))] : [];
  if (variables === 0 && operations === 0) {
    return [trans.__('Nothing is lost.'), ...ends];
  }
  const held =
    variables === 0
      ? trans.__('no variables')
      : trans.__('%1 (%2)', countVariables(variables, trans), formatBytes(nbytes));
  const lost = trans.__('What is lost: %1 and %2.', held, countOperations(operations, trans));
  const memory = trans.__('TensorFlow reuses the memory. The process may not get smaller before the kernel restarts.');
  return [lost, ...ends, ...kept, ...(nbytes === 0 ? [] : [memory])];
}

/** Ask whether to end a session, with a field for the path to save its variables to where it has values. */
async function askEnd(
  session: SessionSummary,
  title: string,
  says: readonly string[],
  label: string,
  trans: TranslationBundle
): Promise<Ending | null> {
  if (!canBeSaved(session)) {
    return (await ask(title, says, label, trans)) ? { saveTo: '' } : null;
  }
  const body = new TextInput(says, trans.__('To save its variables first, type a path in the folder of the kernel:'));
  const dialog = new SavingDialog({ title, body, buttons: cancelOr(label, trans), defaultButton: 0 }, body);
  dialog.node.ariaLabel = [title, ...says].join(' ');
  const { button, value } = await show(dialog);
  return button.accept ? { saveTo: value ?? '' } : null;
}

/** A dialog that Enter accepts once a path is typed: nothing is lost then. Otherwise Enter cancels. */
class SavingDialog extends Dialog<string> {
  constructor(
    options: Partial<Dialog.IOptions<string>>,
    private readonly field: TextInput
  ) {
    super(options);
  }

  override handleEvent(event: Event): void {
    const isTyped = event.target instanceof HTMLInputElement && this.field.getValue() !== '';
    if (isTyped && event instanceof KeyboardEvent && event.key === 'Enter') {
      event.preventDefault();
      event.stopPropagation();
      this.resolve(ACCEPT);
    } else {
      super.handleEvent(event);
    }
  }
}

/** The place of the button that accepts among those of `cancelOr`. */
const ACCEPT = 1;

function cancelOr(label: string, trans: TranslationBundle): Dialog.IButton[] {
  return [Dialog.cancelButton({ label: trans.__('Cancel') }), Dialog.warnButton({ label })];
}

/** Ask with a dialog that says each thing on a line of its own. */
async function ask(title: string, says: readonly string[], label: string, trans: TranslationBundle): Promise<boolean> {
  const dialog = new Dialog({ title, body: says.join('\n'), buttons: cancelOr(label, trans), defaultButton: 0 });
  const { button } = await show(dialog);
  return button.accept;
}

function show<T>(dialog: Dialog<T>): Promise<Dialog.IResult<T>> {
  dialog.addClass('tfsess-Dialog');
  return dialog.launch();
}

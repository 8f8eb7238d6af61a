import type { TranslationBundle } from '@jupyterlab/translation';

import { countOperations, countVariables, formatNumber } from './format';
import type {
  Added,
  AwaitedOperation,
  CodeLine,
  Fetches,
  Growth,
  Origin,
  OtherRun,
  Placement,
  RunMark,
  SessionSummary,
  TracedRun,
  Waits
} from './protocol';

/** Write the maker of a session: `cell 4`, `prep.io:load prep/io.py:42`, as the kernel's own tables do. */
export function writeOrigin(origin: Origin, trans: TranslationBundle): string {
  if (origin.cell !== null) {
    return trans.__('cell %1', origin.cell);
  }
  if (origin.maker === 'cells') {
    return trans.__('ordinary cells and modules');
  }
  if (!origin.file) {
    return trans.__('code that ran before tfsess_magics was loaded');
  }
  const { module, function: name } = origin;
  return `${name === '<module>' ? module : `${module}:${name}`} ${writePlace(origin)}`;
}

/** Write the maker of a session, as short as a label has to be: `cell 4`, `prep.io`, `tf_keras…backend`. */
export function labelOrigin(origin: Origin, trans: TranslationBundle): string {
  const module = moduleOf(origin);
  const parts = module.split('.');
  return parts.length > 2 ? `${parts[0]}…${parts.at(-1)}` : module || writeOrigin(origin, trans);
}

/** Return the full name of the module that made a session; empty for a cell, and for code that was not seen. */
export function moduleOf({ cell, file, module }: Origin): string {
  return cell === null && file ? module : '';
}

/** Write the line that made a session: `prep/io.py:42`; empty for a cell, and for code that was not seen. */
export function writePlace({ cell, file, line }: Origin): string {
  return cell === null && file ? `${file}:${line}` : '';
}

/** Say what a session is that the extension did not open; empty for others. */
export function explainKind({ kind }: Pick<SessionSummary, 'kind'>, trans: TranslationBundle): string {
  switch (kind) {
    case 'observed':
      return trans.__('other code made this session and owns it; adopt gives it a name');
    case 'adopted':
      return trans.__('other code made this session and owns it; its name is yours');
    default:
      return '';
  }
}

/** Write the server of a session, and whether it does not answer; empty for a session in the kernel's process. */
export function writeTarget({ target, answers }: SessionSummary, trans: TranslationBundle): string {
  return target && answers === false ? trans.__('%1, which does not answer', target) : target;
}

/** Write how a graph grows whenever the same code runs, and which line does it. */
export function writeGrowth({ least, most, by, line }: Growth, trans: TranslationBundle): string {
  const operations =
    least === most
      ? countOperations(most, trans)
      : trans.__('%1 to %2', formatNumber(least), countOperations(most, trans));
  const how = by
    ? trans.__('graph grows: each run of %1 adds %2', by, operations)
    : trans.__('graph grows: each session.run adds %1', operations);
  if (!line) {
    return how;
  }
  const at = writeLine(line, trans);
  return most === 1 ? trans.__('%1, at %2', how, at) : trans.__('%1, most of them at %2', how, at);
}

function writeLine({ file, line, cell, text }: CodeLine, trans: TranslationBundle): string {
  const place = cell === null ? `${file}:${line}` : trans.__('cell %1, line %2', cell, line);
  return text ? `${place}: ${text}` : place;
}

/** Write what a run waits for, or why a stop has not ended it. */
export function writeMark(mark: RunMark, trans: TranslationBundle): string {
  switch (mark.type) {
    case 'waits':
      return mark.operations.length > 0 ? trans.__('waiting on %1', writeWaits(mark, trans)) : trans.__('waiting');
    case 'copying':
      return trans.__('stopping: copies the values of its variables');
    case 'restoring':
      return trans.__('stopping: gives its variables their values back');
    case 'uncuttable':
      return trans.__(
        'cannot be stopped: %1 does not return. If it never does, restart the kernel',
        mark.runs
          .map(run => run.map(operation => writeOperation(operation, trans)).join(trans.__(' or ')))
          .join(trans.__(' and '))
      );
    case 'unanswered':
      return trans.__(
        'stopping: %1 has not answered yet. The runs end when it does, or when you start another server at that ' +
          'address. If neither will happen, restart the kernel',
        mark.server
      );
    case 'finishing':
      return trans.__(
        'stopping: an operation that %1 needs has to finish first',
        mark.runs.map(run => writeFetches(run, trans)).join(', ')
      );
  }
}

function writeWaits({ operations, more }: Waits, trans: TranslationBundle): string {
  const said = operations.map(operation => writeOperation(operation, trans));
  if (said.length === 1) {
    return said[0];
  }
  return more > 0 ? trans.__('one of: %1 or %2 more', said.join('; '), more) : trans.__('one of: %1', said.join('; '));
}

function writeOperation(operation: AwaitedOperation, trans: TranslationBundle): string {
  const name = `'${operation.name}'`;
  const others = operation.others.map(other => writeOther(other, trans)).join(trans.__(' and '));
  const who = others || (operation.is_remote ? trans.__('nothing here') : trans.__('nothing'));
  switch (operation.does) {
    case 'dequeue':
      return operation.has_some
        ? trans.__('dequeue from %1, which has too few elements, and %2 enqueues', name, who)
        : trans.__('dequeue from %1, which is empty, and %2 enqueues', name, who);
    case 'enqueue':
      return trans.__('enqueue to %1, which is full, and %2 dequeues', name, who);
    case 'lock':
      return others
        ? trans.__('the lock %1, which %2 holds or waits for', name, others)
        : trans.__('the lock %1', name);
    case 'loop':
      return trans.__('a loop %1', name);
    case 'other':
      return `${operation.type} ${name}`;
  }
}

function writeOther({ thread, session }: OtherRun, trans: TranslationBundle): string {
  const named = typeof thread === 'string' ? `'${thread}'` : thread;
  if (!session) {
    return trans.__('thread %1', named);
  }
  return session.startsWith('#')
    ? trans.__('thread %1 in session %2', named, session)
    : trans.__('thread %1 in %2', named, `'${session}'`);
}

function writeFetches({ names, more }: Fetches, trans: TranslationBundle): string {
  const said = names.map(name => `'${name}'`).join(', ') || trans.__('a run');
  return more > 0 ? trans.__('%1 and %2 more', said, more) : said;
}

/** Write `1,204 (12 added by cell 5)`; `none: the graph is empty`. */
export function writeOperations(operations: number, added: Added | null, trans: TranslationBundle): string {
  if (operations === 0) {
    return trans.__('none: the graph is empty');
  }
  const total = formatNumber(operations);
  return added
    ? trans.__('%1 (%2 added by %3)', total, added.number ? formatNumber(added.number) : trans.__('none'), added.by)
    : total;
}

/** Write the parts of a graph on each device, a line for each: `CPU:1: 12 operations, 1 variable`. */
export function writePlacements(placements: readonly Placement[], trans: TranslationBundle): string[] {
  return placements.map(({ device, operations, variables }) => {
    const said = [
      operations > 0 ? countOperations(operations, trans) : '',
      variables > 0 ? countVariables(variables, trans) : ''
    ];
    return `${device}: ${said.filter(Boolean).join(', ')}`;
  });
}

/** Write where a run that was traced has run, and which run it was: `in cell 7, run 2 of 3 in that cell`. */
export function writeTracedRun(run: TracedRun, trans: TranslationBundle): string {
  const parts = [
    run.cell === null ? '' : trans.__('cell %1', run.cell),
    run.thread ? trans.__('thread %1', `'${run.thread}'`) : '',
    writeNumber(run, trans)
  ];
  return trans.__('in %1', parts.filter(Boolean).join(', '));
}

function writeNumber(traced: TracedRun, trans: TranslationBundle): string {
  const { run, session, run_of_cell: ofCell, runs_of_cell: all } = traced;
  if (ofCell === null) {
    return trans.__('run %1 of %2', formatNumber(run), session);
  }
  return all === null
    ? trans.__('run %1 in that cell', formatNumber(ofCell))
    : trans.__('run %1 of %2 in that cell', formatNumber(ofCell), formatNumber(all));
}

/** Write why no device of a session is known; empty for a session in the kernel's process. */
export function writeUnknownDevices({ target, answers }: SessionSummary, trans: TranslationBundle): string {
  if (!target) {
    return '';
  }
  return answers === false ? trans.__('not known: the server does not answer') : trans.__('not known yet');
}

import type { TranslationBundle } from '@jupyterlab/translation';

import { countOperations, formatNumber } from './format';
import type { CodeLine, Growth, Origin, SessionSummary } from './protocol';

/** Write who made a session: `cell 4`, `prep.io:load prep/io.py:42`, as the kernel's own tables do. */
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

/** Write who made a session, as short as a label has to be: `cell 4`, `prep.io`, `tf_keras…backend`. */
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
    ? trans.__('graph grows: %1 with each run of %2', operations, by)
    : trans.__('graph grows: %1 with each session.run', operations);
  return line ? `${how}; ${writeLine(line, trans)}` : how;
}

function writeLine({ file, line, cell, text }: CodeLine, trans: TranslationBundle): string {
  const place = cell === null ? `${file}:${line}` : trans.__('cell %1, line %2', cell, line);
  return text ? `${place}: ${text}` : place;
}

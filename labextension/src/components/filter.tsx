import type * as React from 'react';

import type { Choice, SessionFilter } from '../filter';
import { formatNumber } from '../format';
import { usePanel } from './context';
import { createElement } from './element';

interface FilterProps {
  filter: SessionFilter;
  onChange: (filter: SessionFilter) => void;
}

/** Says which sessions are listed. */
export function Filter({ filter, onChange }: FilterProps): React.JSX.Element {
  const { trans } = usePanel();
  const choices: [Choice, string][] = [
    ['all', trans.__('all')],
    ['mine', trans.__('mine')],
    ['others', trans.__('others')],
    ['unused', trans.__('unused')]
  ];
  return (
    <div className="tfsess-Filter" role="search" aria-label={trans.__('TensorFlow sessions')}>
      <input
        type="search"
        className="tfsess-Filter-text"
        placeholder={trans.__('Filter by name, module or device')}
        aria-label={trans.__('Filter by name, module or device')}
        value={filter.text}
        onChange={({ target }) => onChange({ ...filter, text: target.value })}
        onKeyDown={({ key }) => key === 'Escape' && onChange({ ...filter, text: '' })}
      />
      <select
        className="tfsess-Filter-choice"
        title={trans.__('mine: opened by %1, the API or a cell; others: made by other code', '%%tfsession')}
        aria-label={trans.__('Whose sessions')}
        value={filter.choice}
        onChange={({ target }) => onChange({ ...filter, choice: target.value as Choice })}
      >
        {choices.map(([choice, label]) => (
          <option key={choice} value={choice}>
            {label}
          </option>
        ))}
      </select>
    </div>
  );
}

interface NothingFoundProps {
  /** The number of sessions. */
  sessions: number;
  onShowAll: () => void;
}

/** The panel when the filter leaves out every session. */
export function NothingFound({ sessions, onShowAll }: NothingFoundProps): React.JSX.Element {
  const { trans } = usePanel();
  return (
    <p className="tfsess-Hint">
      {trans._n(
        'The one session does not match.',
        'None of the %2 sessions matches.',
        sessions,
        formatNumber(sessions)
      )}{' '}
      <button type="button" className="tfsess-Hint-action" onClick={onShowAll}>
        {trans.__('Show all')}
      </button>
    </p>
  );
}

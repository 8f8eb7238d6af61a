import { deleteIcon, refreshIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { EVERYTHING, isEverything, matches } from '../filter';
import { countSessions, formatBytes, formatNumber } from '../format';
import type { SessionsModel } from '../model';
import { total } from '../model';
import { Action } from './action';
import { usePanel } from './context';
import { createElement, Fragment } from './element';
import { EmptyState } from './empty';
import { Filter, NothingFound } from './filter';
import { Group } from './group';
import { moveFocus } from './keys';

/** The number of sessions from which on there is a filter. */
const MANY = 2;

/** Everything in the panel. `outcome` is the result of the last order. */
export function Sessions({ model, outcome }: { model: SessionsModel; outcome: string }): React.JSX.Element {
  const { trans, actions } = usePanel();
  const kernels = useKernels(model);
  const [filter, setFilter] = React.useState(EVERYTHING);
  const all = kernels.flatMap(kernel => kernel.sessions);
  const isFiltered = all.length > 0 && !isEverything(filter);
  const listed = isFiltered ? all.filter(session => matches(session, filter, trans)) : all;
  const totals = total(listed);
  return (
    <>
      <div className="tfsess-Panel-header">
        <h2>{trans.__('TensorFlow sessions')}</h2>
        {all.some(session => session.is_unused) && (
          <Action icon={deleteIcon} label={trans.__('Close unused…')} onClick={() => actions.closeUnused()} />
        )}
        <Action icon={refreshIcon} label={trans.__('Refresh')} onClick={() => actions.refresh()} />
      </div>
      {(all.length >= MANY || !isEverything(filter)) && <Filter filter={filter} onChange={setFilter} />}
      <div className="tfsess-Panel-content" onKeyDown={moveFocus}>
        {kernels.length === 0 && <EmptyState trans={trans} />}
        {kernels.map(kernel => (
          <Group key={kernel.id} kernel={kernel} filter={isFiltered ? filter : null} />
        ))}
        {isFiltered && listed.length === 0 && (
          <NothingFound sessions={all.length} onShowAll={() => setFilter(EVERYTHING)} />
        )}
      </div>
      <p className="tfsess-Panel-outcome" role="status">
        {outcome}
      </p>
      {all.length > 0 && (
        <div className="tfsess-Panel-footer">
          {trans.__(
            '%1 · %2 in variables',
            isFiltered
              ? trans.__('%1 of %2', formatNumber(listed.length), countSessions(all.length, trans))
              : countSessions(all.length, trans),
            totals.isKnown ? formatBytes(totals.nbytes) : trans.__('%1 or more', formatBytes(totals.nbytes))
          )}
        </div>
      )}
    </>
  );
}

function useKernels(model: SessionsModel): SessionsModel['kernels'] {
  const subscribe = React.useCallback(
    (onChange: () => void) => {
      model.changed.connect(onChange);
      return () => {
        model.changed.disconnect(onChange);
      };
    },
    [model]
  );
  return React.useSyncExternalStore(subscribe, () => model.kernels);
}

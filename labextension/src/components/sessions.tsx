import { refreshIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { countSessions, formatBytes } from '../format';
import type { SessionsModel } from '../model';
import { total } from '../model';
import { usePanel } from './context';
import { EmptyState } from './empty';
import { Group } from './group';
import { moveFocus } from './keys';
import { Action } from './row';

/** Everything in the panel. `outcome` is what the last order has led to. */
export function Sessions({ model, outcome }: { model: SessionsModel; outcome: string }): React.JSX.Element {
  const { trans, actions } = usePanel();
  const kernels = useKernels(model);
  const totals = total(kernels.flatMap(kernel => kernel.sessions));
  return (
    <>
      <div className="tfsess-Panel-header">
        <h2>{trans.__('TensorFlow sessions')}</h2>
        <Action icon={refreshIcon} label={trans.__('Refresh')} onClick={() => actions.refresh()} />
      </div>
      <div className="tfsess-Panel-content" onKeyDown={moveFocus}>
        {kernels.length === 0 && <EmptyState trans={trans} />}
        {kernels.map(kernel => (
          <Group key={kernel.id} kernel={kernel} />
        ))}
      </div>
      <p className="tfsess-Panel-outcome" role="status">
        {outcome}
      </p>
      {totals.sessions > 0 && (
        <div className="tfsess-Panel-footer">
          {trans.__('%1 · %2 in variables', countSessions(totals.sessions, trans), formatBytes(totals.nbytes))}
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

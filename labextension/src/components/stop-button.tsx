import { stopIcon } from '@jupyterlab/ui-components';
import type * as React from 'react';

import type { SessionSummary } from '../protocol';
import { usePanel } from './context';
import { createElement } from './element';

interface StopButtonProps {
  kernel: string;
  session: SessionSummary;
}

/**
 * The button that stops the runs of a session, and cuts them while an order to stop waits for them.
 *
 * It remains the same element, so that it keeps the focus. The second click of a double click does nothing: the user
 * began it before the button said that it cuts a run.
 */
export function StopButton({ kernel, session }: StopButtonProps): React.JSX.Element {
  const { trans, actions } = usePanel();
  const { name, is_stopping: isStopping } = session;
  return (
    <button
      type="button"
      className={isStopping ? 'tfsess-Action tfsess-StopNow' : 'tfsess-Action'}
      title={isStopping ? trans.__('Stop %1 now: ends its run at once', name) : trans.__('Stop %1', name)}
      aria-label={isStopping ? trans.__('Stop %1 now', name) : trans.__('Stop %1', name)}
      onClick={({ detail }) => detail !== 2 && actions.stop(kernel, session)}
    >
      {isStopping ? trans.__('Stop now') : <stopIcon.react tag="span" className="tfsess-Action-icon" />}
    </button>
  );
}

import type * as React from 'react';

import { PROTOCOL_VERSION } from '../protocol';
import { usePanel } from './context';
import { createElement } from './element';

const UPGRADE = 'pip install --upgrade tfsess_magics';

/** Says which side is older, kernel or panel, and what to upgrade. `version`: the kernel's protocol, null if it says none. */
export function Mismatch({ version }: { version: number | null }): React.JSX.Element {
  const { trans } = usePanel();
  const versions = trans.__('(protocol %1; the panel has %2)', version ?? '?', PROTOCOL_VERSION);
  const isPanelOlder = version !== null && version > PROTOCOL_VERSION;
  return (
    <p className="tfsess-Hint tfsess-Error">
      {isPanelOlder
        ? trans.__('The panel is older than the tfsess_magics of this kernel %1.', versions)
        : trans.__('The tfsess_magics of this kernel is older than the panel %1.', versions)}{' '}
      {isPanelOlder
        ? trans.__('Upgrade it where the Jupyter server runs, then reload this page:')
        : trans.__('Upgrade it in a cell, then restart the kernel:')}{' '}
      <code>{isPanelOlder ? UPGRADE : `%${UPGRADE}`}</code>
    </p>
  );
}

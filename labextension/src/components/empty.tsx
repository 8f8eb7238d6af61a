import type { TranslationBundle } from '@jupyterlab/translation';
import type * as React from 'react';

import { LOAD } from '../model';
import { createElement } from './element';

/** The panel while no kernel has a session: the two lines that make one. */
export function EmptyState({ trans }: { trans: TranslationBundle }): React.JSX.Element {
  return (
    <div className="tfsess-Empty">
      <p className="tfsess-Empty-title">{trans.__('No sessions yet.')}</p>
      <p>{trans.__('Load the extension in a notebook:')}</p>
      <pre>{LOAD}</pre>
      <p>{trans.__('Begin a cell with:')}</p>
      <pre>%%tfsession NAME</pre>
    </div>
  );
}

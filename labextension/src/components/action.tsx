import type { LabIcon } from '@jupyterlab/ui-components';
import type * as React from 'react';
import { createElement } from './element';

interface ActionProps {
  icon: LabIcon;
  label: string;
  onClick: () => void;
}

/** A button that is an icon. */
export function Action({ icon: Icon, label, onClick }: ActionProps): React.JSX.Element {
  return (
    <button type="button" className="tfsess-Action" title={label} aria-label={label} onClick={onClick}>
      <Icon.react tag="span" className="tfsess-Action-icon" />
    </button>
  );
}

import { LabIcon } from '@jupyterlab/ui-components';

import sessionsSvg from '../style/icons/sessions.svg';

export const sessionsIcon = new LabIcon({
  name: 'tfsess-magics:sessions',
  svgstr: sessionsSvg
});

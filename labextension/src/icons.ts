/**
 * The extension's icon.
 */
import { LabIcon } from '@jupyterlab/ui-components';

import functionsSvg from '../style/icons/functions.svg';

export const functionsIcon = new LabIcon({
  name: 'jupyter-faas:functions',
  svgstr: functionsSvg
});

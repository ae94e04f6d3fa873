/**
 * A double of what components find around them.
 */
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { nullTranslator } from '@jupyterlab/translation';

import type { IServices } from '../src/context';

/** Services that do nothing, but for those given. */
export function servicesDouble(part: Partial<IServices> = {}): IServices {
  return {
    trans: nullTranslator.load('jupyter_faas'),
    rendermime: {} as IRenderMimeRegistry,
    openFunction: () => undefined,
    insertCell: () => false,
    showLine: () => false,
    confirm: () => Promise.resolve(true),
    fail: () => undefined,
    ...part
  };
}

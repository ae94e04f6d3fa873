/**
 * What all components of the extension need, so that it isn't handed down through each.
 */
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ISignal } from '@lumino/signaling';
import React from 'react';

import type { IFrame } from './api/types';

/** Services of JupyterLab, and what the panel can have done elsewhere. */
export interface IServices {
  readonly trans: TranslationBundle;
  readonly rendermime: IRenderMimeRegistry;
  /** Open a function's page. */
  readonly openFunction: (name: string) => void;
  /** Put code into a new cell of the notebook in use; false if there is none. */
  readonly insertCell: (source: string) => boolean;
  /** Show the line of a notebook's cell that a traceback names; false if no open notebook has it. */
  readonly showLine: (notebook: string | null, frame: IFrame) => boolean;
  /** Ask before something is done that can't be undone. */
  readonly confirm: (title: string, body: string, action: string) => Promise<boolean>;
  /** Tell that something failed. */
  readonly fail: (title: string, error: unknown) => void;
}

export const ServicesContext = React.createContext<IServices | null>(null);

/** The services; only in components below a `ServicesContext`. */
export function useServices(): IServices {
  const services = React.useContext(ServicesContext);
  if (services === null) {
    throw new Error('A component of jupyter-faas is used without its services.');
  }
  return services;
}

/** Render again whenever `signal` is emitted. */
export function useSignal<T, U>(signal: ISignal<T, U>): void {
  const [, count] = React.useReducer((n: number) => n + 1, 0);
  React.useEffect(() => {
    signal.connect(count);
    return () => {
      signal.disconnect(count);
    };
  }, [signal]);
}

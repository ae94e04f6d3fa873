/**
 * What all components of the extension need, so that it isn't handed down through each.
 */
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ISignal } from '@lumino/signaling';
import React from 'react';

import type { IFrame } from './api/types';
import type { Watched } from './models/watched';

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
  readonly confirm: (
    title: string,
    body: string | React.ReactElement,
    action: string
  ) => Promise<boolean>;
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

/** Have a model look as long as the component is there, and render again whenever it changed. */
export function useWatched(model: Watched): void {
  useSignal(model.changed);
  React.useEffect(() => {
    void model.watch();
    return () => {
      void model.rest();
    };
  }, [model]);
}

/** What is asked for once, for each `key` again: the answer, or why there is none. */
export function useAnswer<T>(
  key: string,
  ask: () => Promise<T>
): { readonly value?: T; readonly error?: Error } {
  const [state, setState] = React.useState<{ key: string; value?: T; error?: Error }>({
    key
  });
  const latest = React.useRef(ask);
  latest.current = ask;
  React.useEffect(() => {
    let wanted = true;
    latest.current().then(
      value => wanted && setState({ key, value }),
      (error: Error) => wanted && setState({ key, error })
    );
    return () => {
      wanted = false;
    };
  }, [key]);
  return state.key === key ? state : {};
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

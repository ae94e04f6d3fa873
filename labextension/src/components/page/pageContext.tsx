/**
 * The page that a component is part of.
 */
import React from 'react';

import type { FunctionPage } from '../../models/page';

export const PageContext = React.createContext<FunctionPage | null>(null);

/** The page; only in components below a `PageContext`. */
export function usePage(): FunctionPage {
  const page = React.useContext(PageContext);
  if (page === null) {
    throw new Error('A part of a page is used without its page.');
  }
  return page;
}

/** Changes something of the function, one thing at a time: whether that is under way, and why it failed. */
export function useChange(): {
  readonly busy: boolean;
  readonly error: string;
  readonly change: (work: () => Promise<unknown>) => Promise<boolean>;
} {
  const [busy, setBusy] = React.useState(false);
  const [error, setError] = React.useState('');
  const there = React.useRef(true);
  React.useEffect(() => {
    there.current = true;
    return () => {
      there.current = false;
    };
  }, []);
  const change = async (work: () => Promise<unknown>): Promise<boolean> => {
    setBusy(true);
    setError('');
    let failure = '';
    try {
      await work();
    } catch (reason) {
      failure = (reason as Error).message;
    }
    if (there.current) {
      setBusy(false);
      setError(failure);
    }
    return !failure;
  };
  return { busy, error, change };
}

/** Why something could not be done. */
export function Failure({ text }: { text: string }): JSX.Element | null {
  return text ? (
    <p className="jp-faas-error" role="alert">
      {text}
    </p>
  ) : null;
}

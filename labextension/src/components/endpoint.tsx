/**
 * How to call a function from elsewhere.
 */
import { Clipboard } from '@jupyterlab/apputils';
import React from 'react';

import type { IFunction } from '../api/types';
import { useServices } from '../context';
import { curl, exampleArguments, javascript, python } from '../snippets';

/** The address, and ready calls to copy. */
export function Endpoint({ one }: { one: IFunction }): JSX.Element {
  const { trans } = useServices();
  const args = exampleArguments(one);
  return (
    <div className="jp-faas-endpoint">
      <Snippet title={trans.__('Address')} text={one.url} />
      <Snippet title={trans.__('Terminal')} text={curl(one, args)} />
      <Snippet title={trans.__('Python')} text={python(one, args)} />
      <Snippet title={trans.__('JavaScript')} text={javascript(one, args)} />
    </div>
  );
}

function Snippet({ title, text }: { title: string; text: string }): JSX.Element {
  const { trans } = useServices();
  const [copied, setCopied] = React.useState(false);
  return (
    <section className="jp-faas-snippet">
      <header>
        <h3>{title}</h3>
        <button
          type="button"
          className="jp-mod-styled jp-mod-minimal"
          aria-label={trans.__('Copy: %1', title)}
          onClick={() => {
            Clipboard.copyToSystem(text);
            setCopied(true);
          }}
          onBlur={() => setCopied(false)}
        >
          {copied ? trans.__('Copied') : trans.__('Copy')}
        </button>
      </header>
      <pre>{text}</pre>
    </section>
  );
}

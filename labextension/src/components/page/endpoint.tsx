/**
 * How to call a function from elsewhere.
 */
import { Clipboard } from '@jupyterlab/apputils';
import { copyIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { IFunction } from '../../api/types';
import { useAnswer, useServices } from '../../context';
import { curl, javascript, python } from '../../snippets';
import { usePage } from './pageContext';
import { Schema } from './schema';

/** The address, ready calls to copy, and what the function takes and gives. */
export function Endpoint({ one }: { one: IFunction }): JSX.Element {
  const { trans } = useServices();
  const { requests } = usePage();
  const form = useAnswer(`${one.name}@${one.version}`, () => requests.form(one.name));
  const args = form.value?.example ?? {};
  return (
    <div className="jp-faas-endpoint">
      <Snippet title={trans.__('Address')} text={one.url} />
      <Schema one={one} />
      <Snippet title={trans.__('Terminal')} text={curl(one, args)} />
      <Snippet title={trans.__('Python')} text={python(one, args)} />
      <Snippet title={trans.__('JavaScript')} text={javascript(one, args)} />
    </div>
  );
}

/** Something to copy. */
export function Snippet({ title, text }: { title: string; text: string }): JSX.Element {
  const { trans } = useServices();
  const [copied, setCopied] = React.useState(false);
  return (
    <section className="jp-faas-snippet" aria-label={title}>
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
          <copyIcon.react tag="span" width="14px" height="14px" />
          {copied ? trans.__('Copied') : trans.__('Copy')}
        </button>
      </header>
      <pre>{text}</pre>
    </section>
  );
}
